import { isAscii, isUtf8 } from 'node:buffer';
import { decodeBase64Frame, encodeBase64Frame, isBase64Frame } from './base64-frame.ts';
import {
  binaryPacketTypeV3,
  type DecodedPayload,
  type EnginePacket,
  type EnginePacketType,
  type Frame,
  refusedPayload,
  textPacketType,
} from './engine-packet.ts';
import { ParseError } from './parse-error.ts';

/**
 * Text payload of HTTP long-polling in Engine.IO revision 3: `<length>:<packet>` one after the other, the length
 * in UTF-16 code units. Binary packets are `b<type><base64>`.
 *
 * ```
 * 6:4hello1:26:b4AQID      message "hello", ping, binary message 01 02 03
 * ```
 * Source: Engine.IO protocol v3, "Payload".
 */
export function decodeTextPayloadV3(bytes: Uint8Array, maxPackets: number): DecodedPayload {
  if (!isUtf8(bytes)) return refusedPayload(ParseError.INVALID_UTF8);
  if (bytes.length === 0) return refusedPayload(ParseError.EMPTY_PACKET);
  const ascii = isAscii(bytes);
  const packets: EnginePacket[] = [];
  let pos = 0;
  while (pos < bytes.length) {
    let length = 0;
    const digits = pos;
    while (pos < bytes.length && bytes[pos] !== COLON) {
      const digit = bytes[pos]! - 0x30;
      if (digit < 0 || digit > 9 || pos - digits === MAX_DIGITS)
        return refusedPayload(ParseError.ILLEGAL_PAYLOAD_LENGTH);
      length = length * 10 + digit;
      pos++;
    }
    if (pos === digits || pos === bytes.length) return refusedPayload(ParseError.ILLEGAL_PAYLOAD_LENGTH);
    const start = pos + 1;
    const end = ascii ? start + length : skipCodeUnits(bytes, start, length);
    if (end < 0 || end > bytes.length) return refusedPayload(ParseError.ILLEGAL_PAYLOAD_LENGTH);
    if (packets.length === maxPackets) return refusedPayload(ParseError.TOO_MANY_PACKETS);
    const packet = isBase64Frame(bytes, start, end)
      ? decodeBase64Frame(bytes, start, end, 3)
      : textPacket(bytes, start, end);
    if (typeof packet === 'number') return refusedPayload(packet);
    packets.push(packet);
    pos = end;
  }
  return { error: ParseError.NONE, packets };
}

/**
 * Binary payload (`application/octet-stream`) of revision 3. Per packet: 0 (text) or 1 (binary), the decimal
 * digits of its length in bytes as bytes 0–9, 0xff, the packet. A binary packet starts with its type as a byte.
 *
 * ```
 * 00 06 ff 34 68 65 6c 6c 6f      text, 6 bytes: 4hello
 * 01 04 ff 04 01 02 03            binary, 4 bytes: message 01 02 03
 * ```
 */
export function decodeBinaryPayloadV3(bytes: Uint8Array, maxPackets: number): DecodedPayload {
  if (bytes.length === 0) return refusedPayload(ParseError.EMPTY_PACKET);
  const packets: EnginePacket[] = [];
  let pos = 0;
  while (pos < bytes.length) {
    const kind = bytes[pos]!;
    if (kind > 1) return refusedPayload(ParseError.ILLEGAL_PAYLOAD_LENGTH);
    pos++;
    let length = 0;
    const digits = pos;
    while (pos < bytes.length && bytes[pos] !== END_OF_LENGTH) {
      const digit = bytes[pos]!;
      if (digit > 9 || pos - digits === MAX_DIGITS) return refusedPayload(ParseError.ILLEGAL_PAYLOAD_LENGTH);
      length = length * 10 + digit;
      pos++;
    }
    const start = pos + 1;
    const end = start + length;
    if (pos === digits || end > bytes.length) return refusedPayload(ParseError.ILLEGAL_PAYLOAD_LENGTH);
    if (packets.length === maxPackets) return refusedPayload(ParseError.TOO_MANY_PACKETS);
    if (kind === 0) {
      if (!isUtf8(bytes.subarray(start, end))) return refusedPayload(ParseError.INVALID_UTF8);
      const packet = textPacket(bytes, start, end);
      if (typeof packet === 'number') return refusedPayload(packet);
      packets.push(packet);
    } else {
      const type = binaryPacketTypeV3(bytes, start, end);
      if (type < 0) return refusedPayload(-type as ParseError);
      packets.push({ type: type as EnginePacketType, binary: true, bytes, start: start + 1, end });
    }
    pos = end;
  }
  return { error: ParseError.NONE, packets };
}

/**
 * The body that answers a GET of revision 3: the binary form when a frame is binary and the client can take it
 * (it did not ask for `b64=1` or JSONP), text otherwise. `frames` as they would go on a WebSocket.
 */
export function encodePayloadV3(frames: readonly Frame[], supportsBinary: boolean): string | Uint8Array {
  if (supportsBinary && frames.some((frame) => typeof frame !== 'string')) return encodeBinaryPayload(frames);
  let payload = '';
  for (const frame of frames) {
    const packet = typeof frame === 'string' ? frame : encodeBase64Frame(frame, 3);
    payload += `${packet.length}:${packet}`;
  }
  return payload;
}

function encodeBinaryPayload(frames: readonly Frame[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const frame of frames) {
    const packet = typeof frame === 'string' ? Buffer.from(frame) : frame;
    const digits = String(packet.length);
    const header = new Uint8Array(digits.length + 2);
    header[0] = typeof frame === 'string' ? 0 : 1;
    for (let i = 0; i < digits.length; i++) header[i + 1] = digits.charCodeAt(i) - 0x30;
    header[digits.length + 1] = END_OF_LENGTH;
    parts.push(header, packet);
  }
  return Buffer.concat(parts);
}

function textPacket(bytes: Uint8Array, start: number, end: number): EnginePacket | ParseError {
  const type = textPacketType(bytes, start, end);
  if (type < 0) return -type as ParseError;
  return { type: type as EnginePacketType, binary: false, bytes, start: start + 1, end };
}

/** Offset behind `units` UTF-16 code units of valid UTF-8, or -1 when there are fewer or a character is split. */
function skipCodeUnits(bytes: Uint8Array, start: number, units: number): number {
  let pos = start;
  let left = units;
  while (left > 0 && pos < bytes.length) {
    const lead = bytes[pos]!;
    pos += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    left -= lead < 0xf0 ? 1 : 2;
  }
  return left === 0 ? pos : -1;
}

const COLON = 0x3a;
const END_OF_LENGTH = 0xff;
/** More digits than any length that fits into memory; keeps `length` an exact integer. */
const MAX_DIGITS = 12;
