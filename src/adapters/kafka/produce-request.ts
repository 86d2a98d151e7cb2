import type { Message } from 'kafkajs';
import type { Encoded, RecordToEncode } from './record-encoding.ts';

/** The library's writer of bytes, as far as a produce request needs it. */
export interface Encoder extends Encoded {
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeString(text: string | null): Encoder;
  writeEncoder(encoded: Encoded): Encoder;
  writeArray(of: readonly Encoded[]): Encoder;
  size(): number;
}

/** Parts of the library, and the encoding of records. */
export interface ProduceRequestParts {
  readonly Encoder: new () => Encoder;
  readonly RecordBatch: (batch: object) => Promise<Encoder>;
  readonly encodeRecord: (record: RecordToEncode) => Encoded;
}

export interface Producing {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: object;
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

const PRODUCE = 0;

/**
 * The library's produce request. Its own spreads every message, and all messages of a partition, into another object
 * with more properties, which makes V8 keep them until the old generation is collected.
 * Source: Kafka protocol, "Produce API", version 3: transactional_id acks timeout [topic [partition records]].
 */
export function produceRequests({ Encoder, RecordBatch, encodeRecord }: ProduceRequestParts) {
  const encodePartition = async (
    { partition, firstSequence, messages }: Producing['topicData'][number]['partitions'][number],
    { compression, producerId, producerEpoch = 0, transactionalId = null }: Producing,
  ) => {
    const times = messages.flatMap(({ timestamp }) => (timestamp === undefined ? [] : [timestamp])).sort();
    const now = Date.now();
    const firstTimestamp = times[0] ?? now;
    const records = messages.map(({ key, value, headers, timestamp }, offsetDelta) => {
      const timestampDelta = Number(timestamp ?? now) - Number(firstTimestamp);
      return encodeRecord({ key, value, headers, offsetDelta, timestampDelta } as RecordToEncode);
    });
    const batch = await RecordBatch({
      compression,
      records,
      firstTimestamp,
      maxTimestamp: times.at(-1) ?? now,
      producerId,
      producerEpoch,
      firstSequence,
      transactional: transactionalId !== null,
      lastOffsetDelta: records.length - 1,
    });
    return new Encoder().writeInt32(partition).writeInt32(batch.size()).writeEncoder(batch);
  };

  return (request: Producing) => ({
    apiKey: PRODUCE,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => request.acks !== 0,
    encode: async () => {
      const topics: Encoder[] = [];
      for (const { topic, partitions } of request.topicData) {
        const encoded: Encoder[] = [];
        for (const one of partitions) encoded.push(await encodePartition(one, request));
        topics.push(new Encoder().writeString(topic).writeArray(encoded));
      }
      const { transactionalId = null, acks, timeout } = request;
      return new Encoder()
        .writeString(transactionalId)
        .writeInt16(acks)
        .writeInt32(timeout)
        .writeArray(topics);
    },
  });
}
