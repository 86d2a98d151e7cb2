import { asciiText } from './byte-text.ts';

/**
 * Strict base64 (RFC 4648 §4): its alphabet only, whole quads, padding only at the end. Node's own decoder skips
 * what it does not know. Returns `null` when `bytes[start..end)` is anything else.
 */
export function decodeBase64(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  if ((end - start) % 4 !== 0) return null;
  let dataEnd = end;
  if (dataEnd > start && bytes[dataEnd - 1] === PAD) dataEnd--;
  if (dataEnd > start && dataEnd < end && bytes[dataEnd - 1] === PAD) dataEnd--;
  for (let i = start; i < dataEnd; i++) {
    if (ALPHABET[bytes[i]!] === 0) return null;
  }
  return Buffer.from(asciiText(bytes, start, end), 'base64');
}

export function encodeBase64(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start).toString('base64');
}

const PAD = 0x3d;
const ALPHABET = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
  ALPHABET[character.charCodeAt(0)] = 1;
}
