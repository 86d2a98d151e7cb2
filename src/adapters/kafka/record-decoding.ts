/** What the library knows of the batch that a record is in. */
export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  /** 1 when the broker's time counts. */
  readonly timestampType: number;
  readonly magicByte: number;
  readonly isControlBatch?: boolean;
  readonly partitionLeaderEpoch?: number;
  readonly inTransaction?: boolean;
  readonly lastOffsetDelta?: number;
  readonly producerId?: string;
  readonly producerEpoch?: number;
  readonly firstSequence?: number;
}

type Headers = Record<string, Buffer | null | (Buffer | null)[]>;

const LOG_APPEND_TIME = 1;
const MAX_NAMES = 100;
const names: { readonly bytes: Buffer; readonly text: string }[] = [];

let source: Buffer = Buffer.alloc(0);
let at = 0;

/**
 * A record of a batch (magic 2). The library's own decoder copies all headers read so far for each further one.
 */
export function decodeRecord({ buffer }: { readonly buffer: Buffer }, context: BatchContext) {
  source = buffer;
  at = 1;
  const { firstOffset, firstTimestamp, maxTimestamp, timestampType } = context;
  const timestampDelta = readVarint();
  const offsetDelta = readVarint();
  const key = readBytes();
  const value = readBytes();
  const headers: Headers = {};
  const count = readVarint();
  for (let i = 0; i < count; i++) addHeader(headers, readName(i), readBytes());
  return {
    magicByte: context.magicByte,
    attributes: source[0]!,
    timestamp: timestampType === LOG_APPEND_TIME ? maxTimestamp : sum(firstTimestamp, timestampDelta),
    offset: sum(firstOffset, offsetDelta),
    key,
    value,
    headers,
    isControlRecord: context.isControlBatch ?? false,
    batchContext: context,
  };
}

function addHeader(headers: Headers, name: string, value: Buffer | null): void {
  const known = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (name === '__proto__')
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  else if (known === undefined) headers[name] = value;
  else headers[name] = Array.isArray(known) ? [...known, value] : [known, value];
}

/** Offsets and times are 64 bits wide, and in practice never longer than a double can hold. */
function sum(first: string, delta: number): string {
  const number = Number(first) + delta;
  return Number.isSafeInteger(number) ? String(number) : String(BigInt(first) + BigInt(delta));
}

function readVarint(): number {
  let result = 0;
  let factor = 1;
  for (;;) {
    const byte = source[at++]!;
    result += (byte & 127) * factor;
    if (byte < 128) return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
    factor *= 128;
  }
}

function readBytes(): Buffer | null {
  const size = readVarint();
  if (size < 0) return null;
  at += size;
  return source.subarray(at - size, at);
}

/** Records of a topic carry the same names in the same order, so that the one before knows most of them. */
function readName(index: number): string {
  const size = readVarint();
  at += size;
  const known = names[index];
  if (known !== undefined && known.bytes.length === size && stands(known.bytes, at - size)) return known.text;
  const bytes = Buffer.from(source.subarray(at - size, at));
  const text = bytes.toString();
  if (index < MAX_NAMES) names[index] = { bytes, text };
  return text;
}

function stands(bytes: Buffer, from: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (source[from + i] !== bytes[i]) return false;
  return true;
}
