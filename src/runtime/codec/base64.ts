import { asciiText } from './byte-text.ts';

/**
 * Strict base64 (RFC 4648 §4): its alphabet only, whole quads, padding only at the end. Node's own decoder skips
 * what it does not know. Line breaks (LF, CR LF) are passed over: the Java client ends a line every 76 letters (RFC
 * 2045 §6.8). Returns `null` when `bytes[start..end)` is anything else.
 */
export function decodeBase64(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  // Every folded text ends with a break, and nobody else pays for more than this look.
  if (end > start && bytes[end - 1] === LF) {
    const flat = unfolded(bytes, start, end);
    return decodeFlat(flat, 0, flat.length);
  }
  return decodeFlat(bytes, start, end);
}

function decodeFlat(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  if ((end - start) % 4 !== 0) return null;
  let dataEnd = end;
  if (dataEnd > start && bytes[dataEnd - 1] === PAD) dataEnd--;
  if (dataEnd > start && dataEnd < end && bytes[dataEnd - 1] === PAD) dataEnd--;
  for (let i = start; i < dataEnd; i++) {
    if (ALPHABET[bytes[i]!] === 0) return null;
  }
  return Buffer.from(asciiText(bytes, start, end), 'base64');
}

/** A copy of `bytes[start..end)` without its line breaks. A CR that no LF follows stays, and is refused. */
function unfolded(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const flat = new Uint8Array(end - start);
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === LF || (byte === CR && bytes[i + 1] === LF)) continue;
    flat[length++] = byte;
  }
  return flat.subarray(0, length);
}

export function encodeBase64(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start).toString('base64');
}

const LF = 0x0a;
const CR = 0x0d;
const PAD = 0x3d;
const ALPHABET = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
  ALPHABET[character.charCodeAt(0)] = 1;
}
