import { decodeBase64, encodeBase64 } from './base64.ts';
import {
  type EnginePacket,
  EnginePacketType,
  type EngineRevision,
  isEnginePacketType,
} from './engine-packet.ts';
import { ParseError } from './parse-error.ts';

/**
 * Binary messages as text, where a transport has no binary: in polling payloads, and on the WebSockets of clients
 * that ask for it by `b64=1`. Revision 4: `b` and base64. Revision 3: `b`, the packet type, base64.
 *
 * ```
 * bAQID      b4AQID      message 01 02 03 in revision 4, in revision 3
 * ```
 */
export function isBase64Frame(bytes: Uint8Array, start: number, end: number): boolean {
  return start < end && bytes[start] === LETTER_B;
}

/** The packet, which owns its memory, or why `bytes[start..end)`, a base64 frame, is none. */
export function decodeBase64Frame(
  bytes: Uint8Array,
  start: number,
  end: number,
  revision: EngineRevision,
): EnginePacket | ParseError {
  let type: number = EnginePacketType.MESSAGE;
  let dataStart = start + 1;
  if (revision === 3) {
    type = dataStart < end ? bytes[dataStart++]! - ZERO : -1;
    if (!isEnginePacketType(type)) return ParseError.UNKNOWN_ENGINE_PACKET_TYPE;
  }
  const message = decodeBase64(bytes, dataStart, end);
  if (message === null) return ParseError.ILLEGAL_BASE64;
  return { type: type as EnginePacketType, binary: true, bytes: message, start: 0, end: message.length };
}

/** `frame`: bytes as they would go on a WebSocket, with the type in front in revision 3. */
export function encodeBase64Frame(frame: Uint8Array, revision: EngineRevision): string {
  return revision === 4 ? `b${encodeBase64(frame, 0)}` : `b${frame[0]}${encodeBase64(frame, 1)}`;
}

const LETTER_B = 0x62;
const ZERO = 0x30;
