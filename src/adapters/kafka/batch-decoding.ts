import { type BatchContext, decodeRecord } from './record-decoding.ts';

/** The library's reader of a fetch response, at the beginning of a batch. */
export interface FetchReader {
  readonly buffer: Buffer;
  offset: number;
}

/** Bytes of a batch from its beginning to its attributes, and to its records. */
const ATTRIBUTES = 21;
const RECORDS = 61;
const LENGTH_AT = 8;
const BEFORE_LENGTH_ENDS = 12;
const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

export interface Batch {
  readonly records: readonly object[];
}

/**
 * A batch of a fetch response (magic 2) as the library reads it, but without spreading what it has read into another
 * object with more properties, which makes V8 keep all records until the old generation is collected. Compressed and
 * incomplete batches are the library's to read.
 * Source: Kafka protocol, "Record Batch".
 */
export function batchDecoding(decodeAsLibrary: (reader: FetchReader) => Promise<Batch>) {
  return async (reader: FetchReader): Promise<Batch> => {
    const { buffer, offset: at } = reader;
    if (buffer.length < at + RECORDS) return decodeAsLibrary(reader);
    const length = buffer.readInt32BE(at + LENGTH_AT);
    const end = at + BEFORE_LENGTH_ENDS + length;
    const attributes = buffer.readInt16BE(at + ATTRIBUTES);
    if (buffer.length < end || (attributes & COMPRESSION) !== 0) return decodeAsLibrary(reader);
    reader.offset = end;
    const context: BatchContext = {
      firstOffset: buffer.readBigInt64BE(at).toString(),
      firstTimestamp: buffer.readBigInt64BE(at + 27).toString(),
      partitionLeaderEpoch: buffer.readInt32BE(at + 12),
      inTransaction: (attributes & TRANSACTIONAL) !== 0,
      isControlBatch: (attributes & CONTROL) !== 0,
      lastOffsetDelta: buffer.readInt32BE(at + 23),
      producerId: buffer.readBigInt64BE(at + 43).toString(),
      producerEpoch: buffer.readInt16BE(at + 51),
      firstSequence: buffer.readInt32BE(at + 53),
      maxTimestamp: buffer.readBigInt64BE(at + 35).toString(),
      timestampType: (attributes & LOG_APPEND_TIME) !== 0 ? 1 : 0,
      magicByte: buffer[at + 16]!,
    };
    return { records: recordsIn(buffer.subarray(at + RECORDS - 4, end), context) };
  };
}

/** `bytes`: how many there are (int32), then each with its length (a varint) in front. */
function recordsIn(bytes: Buffer, context: BatchContext): readonly object[] {
  const records: object[] = [];
  let at = 4;
  for (let left = bytes.readInt32BE(0); left > 0; left--) {
    let zigzag = 0;
    let factor = 1;
    let byte: number;
    do {
      byte = bytes[at++]!;
      zigzag += (byte & 127) * factor;
      factor *= 128;
    } while (byte >= 128);
    const length = zigzag / 2;
    records.push(decodeRecord({ buffer: bytes.subarray(at, at + length) }, context));
    at += length;
  }
  return records;
}
