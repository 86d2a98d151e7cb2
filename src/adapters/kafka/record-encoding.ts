/** Someone else's Encoder, as far as whoever puts records together looks at it. */
export interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

/** What the library wants encoded: one record of a batch. */
export interface RecordToEncode {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Room for a length in front of a record. */
const LENGTH_ROOM = 5;
/** Names of headers remembered as they are written: ours are few. */
const MAX_NAMES = 256;
const MAX_NAME = 256;
const MAX_VARINT = 5;
const names = new Map<string, Buffer>();
let scratch = Buffer.allocUnsafe(64 * 1024);

/**
 * One record of a Kafka record batch (magic 2), byte for byte as the library writes it and several times as fast: the
 * library makes a buffer of half a kilobyte for each header, and one for each length. Null for what is out of the
 * ordinary, which is the library's to encode.
 * Source: Kafka protocol, "Record Batch": Record => length attributes timestampDelta offsetDelta key value headers.
 */
export function encodeRecord(record: RecordToEncode): Encoded | null {
  const { offsetDelta = 0, timestampDelta = 0, key, value, headers = {} } = record;
  if (typeof timestampDelta !== 'number' || !(timestampDelta >= 0 && timestampDelta < 2 ** 30)) return null;
  let count = 0;
  let room = LENGTH_ROOM + 1 + 4 * MAX_VARINT + sizeAtMost(key) + sizeAtMost(value);
  for (const name in headers) {
    const header = headers[name];
    if (typeof header !== 'string' && !Buffer.isBuffer(header)) return null;
    if (!names.has(name) && !remember(name)) return null;
    count++;
    room += 2 * MAX_VARINT + 3 * name.length + sizeAtMost(header);
  }
  if (room > scratch.length) scratch = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(room)));

  let at = LENGTH_ROOM;
  // Attributes: none are used.
  scratch[at++] = 0;
  at = writeVarint(at, timestampDelta);
  at = writeVarint(at, offsetDelta);
  at = writeBytes(at, key);
  at = writeBytes(at, value);
  at = writeVarint(at, count);
  for (const name in headers) {
    const header = headers[name];
    at += names.get(name)!.copy(scratch, at);
    at = writeBytes(at, header as string | Buffer);
  }
  const start = prependLength(at - LENGTH_ROOM);
  const bytes = Buffer.allocUnsafe(at - start);
  scratch.copy(bytes, 0, start, at);
  return { buf: bytes, buffer: bytes };
}

function sizeAtMost(bytes: Buffer | string | null | undefined): number {
  if (bytes === null || bytes === undefined) return MAX_VARINT;
  return MAX_VARINT + (typeof bytes === 'string' ? 3 * bytes.length : bytes.length);
}

/** How a header's name is written; false when there are too many of them, or it is too long to be one of ours. */
function remember(name: string): boolean {
  if (names.size >= MAX_NAMES || name.length > MAX_NAME) return false;
  names.set(name, Buffer.from(scratch.subarray(0, writeBytes(0, name))));
  return true;
}

/** A length, -1 for nothing at all, and the bytes. Returns where they end. */
function writeBytes(at: number, bytes: Buffer | string | null | undefined): number {
  if (bytes === null || bytes === undefined) return writeVarint(at, -1);
  if (typeof bytes !== 'string') {
    const from = writeVarint(at, bytes.length);
    return from + bytes.copy(scratch, from);
  }
  // Most texts are so short that their length fits in one byte, whatever is in them.
  if (bytes.length < 21) {
    const length = scratch.write(bytes, at + 1);
    scratch[at] = length << 1;
    return at + 1 + length;
  }
  const from = writeVarint(at, Buffer.byteLength(bytes));
  return from + scratch.write(bytes, from);
}

/** Zigzag, then seven bits a byte. */
function writeVarint(at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let to = at;
  while (rest > 0x7f) {
    scratch[to++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  scratch[to++] = rest;
  return to;
}

/** Writes the length right in front of what it counts; returns where it begins. */
function prependLength(length: number): number {
  let size = 1;
  for (let rest = length << 1; rest > 0x7f; rest >>>= 7) size++;
  const start = LENGTH_ROOM - size;
  writeVarint(start, length);
  return start;
}
