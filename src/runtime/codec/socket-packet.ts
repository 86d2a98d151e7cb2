import { NO_ATTACHMENTS } from './body.ts';

/**
 * Socket.IO packet types, the same in protocol revisions 3, 4 and 5. Decoded packets never bear the last two:
 * they become EVENT and ACK with attachments.
 *
 * Source: Socket.IO protocol, "Packet types".
 */
export const SocketPacketType = {
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
  BINARY_EVENT: 5,
  BINARY_ACK: 6,
} as const;

export type SocketPacketType = (typeof SocketPacketType)[keyof typeof SocketPacketType];

/** The types a decoder hands out. */
export type DecodedPacketType =
  | typeof SocketPacketType.CONNECT
  | typeof SocketPacketType.DISCONNECT
  | typeof SocketPacketType.EVENT
  | typeof SocketPacketType.ACK;

export const NO_ACK = -1;

/**
 * What a decoder found in one packet. The caller owns one and hands it to the decoder again and again: its fields
 * hold until the next call. Strings and attachments in it are copies and may be kept.
 */
export class SocketPacket {
  type: DecodedPacketType = SocketPacketType.CONNECT;
  namespace = '/';
  /** What stood behind `?` in the namespace (revision 3 clients only), without it. Not decoded. */
  query = '';
  /** `NO_ACK` when there is none. */
  ackId: number = NO_ACK;
  /** EVENT: its name; a number as name becomes decimal text. */
  event = '';
  /** EVENT, ACK: JSON array text of the arguments, without the event name. */
  args = '[]';
  /** CONNECT: text of the payload's JSON object, or `null`. */
  payload: string | null = null;
  /** EVENT, ACK from the msgpack parser, which sends everything in one message. */
  attachments: readonly Uint8Array[] = NO_ATTACHMENTS;
  /** EVENT, ACK from the JSON parser: how many binary messages follow. Collect them in an `AttachmentAssembler`. */
  awaitedAttachments = 0;

  reset(type: DecodedPacketType): void {
    this.type = type;
    this.namespace = '/';
    this.query = '';
    this.ackId = NO_ACK;
    this.event = '';
    this.args = '[]';
    this.payload = null;
    this.attachments = NO_ATTACHMENTS;
    this.awaitedAttachments = 0;
  }
}
