/**
 * Strings out of bytes. Node's slice methods work on any Uint8Array and skip what `toString(encoding, …)` checks
 * on each call; they are not in Node's type declarations, hence the one cast.
 */
interface Slicers {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
}

const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Slicers;

/** Text of bytes known to be ASCII: a plain copy into a one-byte string. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice.call(bytes, start, end);
}

const SLOTS = 1024;
const LONGEST = 64;
const interned: string[] = new Array<string>(SLOTS).fill('');

/**
 * Text of a short name, which repeats from packet to packet: event names and namespaces. A direct-mapped table
 * gives back the string of last time, so that no new one is made. A hostile client can only make it miss.
 */
export function nameText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > LONGEST) return utf8Text(bytes, start, end);
  let hash = length;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const slot = hash & (SLOTS - 1);
  const known = interned[slot]!;
  if (isText(bytes, start, length, known)) return known;
  const text = utf8Text(bytes, start, end);
  interned[slot] = text;
  return text;
}

function isText(bytes: Uint8Array, start: number, length: number, text: string): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    // A byte above 0x7f is part of a longer character: never equal, so such names are made anew each time.
    if (byte > 0x7f || byte !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** A copy that owns its memory, unlike `Buffer.slice`. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}
