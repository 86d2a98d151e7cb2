import { isUtf8 } from 'node:buffer';
import { decodeBase64Frame, encodeBase64Frame, isBase64Frame } from './base64-frame.ts';
import {
  type DecodedPayload,
  type EnginePacket,
  type EnginePacketType,
  type Frame,
  refusedPayload,
  textPacketType,
} from './engine-packet.ts';
import { ParseError } from './parse-error.ts';

/**
 * Payload of HTTP long-polling in Engine.IO revision 4: packets separated by U+001E, binary messages as `b` and
 * base64.
 *
 * ```
 * 4hello \x1e 2 \x1e bAQID      message "hello", ping, binary message 01 02 03
 * ```
 * Source: Engine.IO protocol v4, "Payload".
 */
export function decodePayloadV4(bytes: Uint8Array, maxPackets: number): DecodedPayload {
  if (!isUtf8(bytes)) return refusedPayload(ParseError.INVALID_UTF8);
  const packets: EnginePacket[] = [];
  let start = 0;
  for (;;) {
    const separator = bytes.indexOf(SEPARATOR_BYTE, start);
    const end = separator < 0 ? bytes.length : separator;
    if (packets.length === maxPackets) return refusedPayload(ParseError.TOO_MANY_PACKETS);
    if (isBase64Frame(bytes, start, end)) {
      const packet = decodeBase64Frame(bytes, start, end, 4);
      if (typeof packet === 'number') return refusedPayload(packet);
      packets.push(packet);
    } else {
      const type = textPacketType(bytes, start, end);
      if (type < 0) return refusedPayload(-type as ParseError);
      packets.push({ type: type as EnginePacketType, binary: false, bytes, start: start + 1, end });
    }
    if (separator < 0) return { error: ParseError.NONE, packets };
    start = end + 1;
  }
}

/** The body that answers a GET of revision 4. `frames` as they would go on a WebSocket. */
export function encodePayloadV4(frames: readonly Frame[]): string {
  let payload = '';
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i]!;
    if (i > 0) payload += SEPARATOR;
    payload += typeof frame === 'string' ? frame : encodeBase64Frame(frame, 4);
  }
  return payload;
}

const SEPARATOR = '\x1e';
const SEPARATOR_BYTE = 0x1e;
