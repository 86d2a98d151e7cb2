import type { Body } from './body.ts';
import { copyOf } from './byte-text.ts';
import type { CodecLimits } from './codec-limits.ts';
import { ParseError } from './parse-error.ts';
import type { SocketPacket, SocketPacketType } from './socket-packet.ts';

/** A half-assembled packet as plain data: a stock client may begin it over polling and end it over a WebSocket elsewhere. */
export interface AssemblyStamp {
  readonly type: typeof SocketPacketType.EVENT | typeof SocketPacketType.ACK;
  readonly namespace: string;
  readonly ackId: number;
  readonly event: string;
  readonly args: string;
  readonly awaitedAttachments: number;
  readonly attachments: readonly Uint8Array[];
}

/**
 * A binary packet whose attachments are on their way. Exists only from a packet with `awaitedAttachments` to the
 * last of them; while it exists, a Socket.IO text packet is `TEXT_WHILE_ATTACHMENTS_AWAITED`, and without it a
 * binary message of the JSON parser is `UNEXPECTED_BINARY`.
 */
export class AttachmentAssembler {
  readonly type: AssemblyStamp['type'];
  readonly namespace: string;
  readonly ackId: number;
  readonly event: string;
  private readonly args: string;
  private readonly awaited: number;
  private readonly attachments: Uint8Array[] = [];
  private bytesLeft: number;

  /** Copies what it needs of `packet`, which is an EVENT or ACK with `awaitedAttachments` above 0. */
  constructor(packet: SocketPacket | AssemblyStamp, limits: CodecLimits) {
    this.type = packet.type as AssemblyStamp['type'];
    this.namespace = packet.namespace;
    this.ackId = packet.ackId;
    this.event = packet.event;
    this.args = packet.args;
    this.awaited = packet.awaitedAttachments;
    this.bytesLeft = limits.maxAttachmentBytes;
  }

  static from(stamp: AssemblyStamp, limits: CodecLimits): AttachmentAssembler {
    const assembler = new AttachmentAssembler(stamp, limits);
    for (const bytes of stamp.attachments) assembler.add(bytes, 0, bytes.length);
    return assembler;
  }

  stamp(): AssemblyStamp {
    const { type, namespace, ackId, event, args, awaited, attachments } = this;
    return { type, namespace, ackId, event, args, awaitedAttachments: awaited, attachments };
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
