import { createRequire } from 'node:module';
import type * as KafkaJs from 'kafkajs';
import { decodeRecord } from './record-decoding.ts';
import { encodeRecord, type RecordToEncode } from './record-encoding.ts';
import { RequestsInFlight } from './requests-in-flight.ts';

const require = createRequire(import.meta.url);
const RECORD = 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
const RECORD_READER = 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js';
const REQUEST_QUEUE = 'kafkajs/src/network/requestQueue/index.js';
const GROUPING = 'kafkajs/src/producer/groupMessagesPerPartition.js';

/** The library's own encoding of a record. */
export const encodeAsLibrary = require(RECORD) as (record: RecordToEncode) => { readonly buffer: Buffer };

interface LibraryReader {
  readonly buffer: Buffer;
  readVarIntBytes(): Buffer;
}
const Reader = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => LibraryReader;
const decodeWithLibrary = require(RECORD_READER) as typeof decodeRecord;
require(GROUPING);

interface LibraryQueue {
  inflight: unknown;
}
const LibraryQueue = require(REQUEST_QUEUE) as new (options: object) => LibraryQueue;

class Queue extends LibraryQueue {
  constructor(options: object) {
    super(options);
    this.inflight = new RequestsInFlight();
  }
}

/** The library's own decoding of an encoded record. */
export function decodeAsLibrary(encoded: Buffer, context: Parameters<typeof decodeRecord>[1]): object {
  return decodeWithLibrary(new Reader(recordIn(encoded)), context);
}

/** A record without its length in front. */
export function recordIn(encoded: Buffer): Buffer {
  return new Reader(encoded).readVarIntBytes();
}

interface Grouping<Message> {
  readonly topic: string;
  readonly partitionMetadata: readonly object[];
  readonly messages: readonly Message[];
  readonly partitioner: (one: object) => number;
}

/** Messages by partition. The library's own way copies all that a partition has for each further one. */
function byPartition<Message>({ topic, partitionMetadata, messages, partitioner }: Grouping<Message>) {
  const found: Record<number, Message[]> = {};
  if (partitionMetadata.length === 0) return found;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    found[partition] ??= [];
    found[partition].push(message);
  }
  return found;
}

// Whoever puts a batch together takes this from the cache of modules, so it has to be there before the rest is loaded.
require.cache[require.resolve(RECORD)]!.exports = (record: RecordToEncode) =>
  encodeRecord(record) ?? encodeAsLibrary(record);

require.cache[require.resolve(RECORD_READER)]!.exports = decodeRecord;
require.cache[require.resolve(GROUPING)]!.exports = byPartition;
require.cache[require.resolve(REQUEST_QUEUE)]!.exports = Queue;

/** The library, with some of its innermost parts replaced by faster ones. Everybody imports it from here. */
export const kafkajs = require('kafkajs') as typeof KafkaJs;
