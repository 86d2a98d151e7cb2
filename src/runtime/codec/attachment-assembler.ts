import type { Body } from './body.ts';
import { copyOf } from './byte-text.ts';
import type { CodecLimits } from './codec-limits.ts';
import { ParseError } from './parse-error.ts';
import type { SocketPacket, SocketPacketType } from './socket-packet.ts';

/**
 * A binary packet whose attachments are on their way. Exists only from a packet with `awaitedAttachments` to the
 * last of them; while it exists, a Socket.IO text packet is `TEXT_WHILE_ATTACHMENTS_AWAITED`, and without it a
 * binary message of the JSON parser is `UNEXPECTED_BINARY`.
 */
export class AttachmentAssembler {
  readonly type: typeof SocketPacketType.EVENT | typeof SocketPacketType.ACK;
  readonly namespace: string;
  readonly ackId: number;
  readonly event: string;
  private readonly args: string;
  private readonly awaited: number;
  private readonly attachments: Uint8Array[] = [];
  private bytesLeft: number;

  /** Copies what it needs of `packet`, which is an EVENT or ACK with `awaitedAttachments` above 0. */
  constructor(packet: SocketPacket, limits: CodecLimits) {
    this.type = packet.type as typeof SocketPacketType.EVENT | typeof SocketPacketType.ACK;
    this.namespace = packet.namespace;
    this.ackId = packet.ackId;
    this.event = packet.event;
    this.args = packet.args;
    this.awaited = packet.awaitedAttachments;
    this.bytesLeft = limits.maxAttachmentBytes;
  }

  /** Takes a copy of the next attachment, `bytes[start..end)`. */
  add(bytes: Uint8Array, start: number, end: number): ParseError {
    this.bytesLeft -= end - start;
    if (this.bytesLeft < 0) return ParseError.ATTACHMENTS_TOO_LARGE;
    this.attachments.push(copyOf(bytes, start, end));
    return ParseError.NONE;
  }

  /** Whether the last attachment has come. */
  get complete(): boolean {
    return this.attachments.length === this.awaited;
  }

  body(): Body {
    return { args: this.args, attachments: this.attachments };
  }
}
