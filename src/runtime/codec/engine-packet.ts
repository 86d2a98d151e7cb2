import { ParseError } from './parse-error.ts';

/**
 * Engine.IO packet types, the same in revisions 3 and 4: the first character of a text packet, the first byte of
 * a binary one in revision 3. Revision 4 sends binary messages without any type.
 *
 * Source: Engine.IO protocol, "Packet encoding".
 */
export const EnginePacketType = {
  OPEN: 0,
  CLOSE: 1,
  PING: 2,
  PONG: 3,
  MESSAGE: 4,
  UPGRADE: 5,
  NOOP: 6,
} as const;

export type EnginePacketType = (typeof EnginePacketType)[keyof typeof EnginePacketType];

/** Revision of the Engine.IO protocol. */
export type EngineRevision = 3 | 4;

/**
 * One packet as it goes on a WebSocket: text with the type in front, or bytes (revision 4: the bare message;
 * revision 3: 0x04 and the message).
 */
export type Frame = string | Uint8Array;

/**
 * One packet out of a polling payload. `bytes[start..end)` is its data without the type; they may be the
 * request's own memory, so they are to be used before the callback that handed out that memory returns.
 */
export interface EnginePacket {
  readonly type: EnginePacketType;
  readonly binary: boolean;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** All packets of a payload, or why the whole of it is refused (`packets` is empty then). */
export interface DecodedPayload {
  readonly error: ParseError;
  readonly packets: readonly EnginePacket[];
}

export function refusedPayload(error: ParseError): DecodedPayload {
  return { error, packets: [] };
}

/** Type of the text packet `bytes[start..end)`, or `-ParseError`. */
export function textPacketType(bytes: Uint8Array, start: number, end: number): EnginePacketType | number {
  if (start >= end) return -ParseError.EMPTY_PACKET;
  const type = bytes[start]! - 0x30;
  return isEnginePacketType(type) ? type : -ParseError.UNKNOWN_ENGINE_PACKET_TYPE;
}

/** Type of the binary packet `bytes[start..end)` of revision 3, or `-ParseError`. */
export function binaryPacketTypeV3(bytes: Uint8Array, start: number, end: number): EnginePacketType | number {
  if (start >= end) return -ParseError.EMPTY_PACKET;
  const type = bytes[start]!;
  return isEnginePacketType(type) ? type : -ParseError.UNKNOWN_ENGINE_PACKET_TYPE;
}

export function isEnginePacketType(type: number): type is EnginePacketType {
  return type >= EnginePacketType.OPEN && type <= EnginePacketType.NOOP;
}

/** A binary message as it goes on a WebSocket of the given revision. */
export function binaryMessageFrame(message: Uint8Array, revision: EngineRevision): Uint8Array {
  if (revision === 4) return message;
  const frame = new Uint8Array(message.length + 1);
  frame[0] = EnginePacketType.MESSAGE;
  frame.set(message, 1);
  return frame;
}
