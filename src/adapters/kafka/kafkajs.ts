import { createRequire } from 'node:module';
import type * as KafkaJs from 'kafkajs';
import { batchDecoding, type FetchReader } from './batch-decoding.ts';
import { followCoordinator, type GroupOffsets } from './group-offsets.ts';
import { type GroupMember, joinOneByOne } from './joins.ts';
import { type Encoder, produceRequests } from './produce-request.ts';
import { quietQueue, type RequestQueue } from './quiet-queue.ts';
import { decodeRecord } from './record-decoding.ts';
import { type Encoded, encodeRecord, type RecordToEncode } from './record-encoding.ts';
import { RequestsInFlight } from './requests-in-flight.ts';
import { messageSender } from './send-messages.ts';

const require = createRequire(import.meta.url);
const RECORD = 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
const RECORD_READER = 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js';
const PRODUCE = 'kafkajs/src/protocol/requests/produce/v3/request.js';
const BATCH_READER = 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
const REQUEST_QUEUE = 'kafkajs/src/network/requestQueue/index.js';
const GROUPING = 'kafkajs/src/producer/groupMessagesPerPartition.js';
const SENDING = 'kafkajs/src/producer/sendMessages.js';

/** The library's own encoding of a record. */
export const encodeAsLibrary = require(RECORD) as (record: RecordToEncode) => Encoded;

interface LibraryReader extends FetchReader {
  readVarIntBytes(): Buffer;
}
/** The library's reader of bytes. */
export const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => LibraryReader;
const decodeWithLibrary = require(RECORD_READER) as typeof decodeRecord;
require(GROUPING);

interface LibraryQueue extends RequestQueue {
  inflight: unknown;
}
const LibraryQueue = require(REQUEST_QUEUE) as (new (
  options: object,
) => LibraryQueue) & {
  readonly prototype: LibraryQueue;
};
quietQueue(LibraryQueue);
followCoordinator(
  require('kafkajs/src/consumer/offsetManager/index.js') as { readonly prototype: GroupOffsets },
);
joinOneByOne(require('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: GroupMember });

class Queue extends LibraryQueue {
  constructor(options: object) {
    super(options);
    this.inflight = new RequestsInFlight();
  }
}

/** The library's own decoding of an encoded record. */
export function decodeAsLibrary(encoded: Buffer, context: Parameters<typeof decodeRecord>[1]): object {
  return decodeWithLibrary(new Decoder(recordIn(encoded)), context);
}

/** A record without its length in front. */
export function recordIn(encoded: Buffer): Buffer {
  return new Decoder(encoded).readVarIntBytes();
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
/** The library's own reading of a batch, and its own produce request. */
export const decodeBatchAsLibrary = require(BATCH_READER) as (
  reader: FetchReader,
) => Promise<{ records: object[] }>;
export const produceAsLibrary = require(PRODUCE) as ReturnType<typeof produceRequests>;
/** What takes their places. */
export const decodeBatch = batchDecoding(decodeBatchAsLibrary);
export const produce = produceRequests({
  Encoder: require('kafkajs/src/protocol/encoder.js') as new () => Encoder,
  RecordBatch: require('kafkajs/src/protocol/recordBatch/v0/index.js').RecordBatch,
  encodeRecord: (record) => encodeRecord(record) ?? encodeAsLibrary(record),
});
require.cache[require.resolve(BATCH_READER)]!.exports = decodeBatch;
require.cache[require.resolve(PRODUCE)]!.exports = produce;
require.cache[require.resolve(GROUPING)]!.exports = byPartition;
require.cache[require.resolve(REQUEST_QUEUE)]!.exports = Queue;
/** The library's own way to send a batch, and ours. */
export const sendAsLibrary = require(SENDING) as ReturnType<typeof messageSender>;
export const sendBatch = messageSender({
  groupMessagesPerPartition: byPartition as (grouping: object) => Record<string, never[]>,
  MetadataNotLoaded: require('kafkajs/src/errors.js').KafkaJSMetadataNotLoaded,
  staleMetadata: require('kafkajs/src/protocol/error.js').staleMetadata,
});
require.cache[require.resolve(SENDING)]!.exports = sendBatch;

/** The library, with some of its innermost parts replaced by faster ones. Everybody imports it from here. */
export const kafkajs = require('kafkajs') as typeof KafkaJs;
