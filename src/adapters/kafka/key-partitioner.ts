import type { PartitionMetadata } from 'kafkajs';

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** What is put into a partition. `partition` is a wish that counts for more than the key. */
export interface Keyed {
  readonly key?: Buffer | string | null;
  readonly partition?: number;
}

/**
 * The partition that Kafka's own clients choose for a key, so that whoever knows a socket's id knows its partition. The
 * library chooses the same, with arithmetic in BigInts.
 * Source: org.apache.kafka.clients.producer.internals.BuiltInPartitioner, "partitionForKey".
 */
export function keyPartitioner() {
  let turn = 0;
  return ({
    partitionMetadata,
    message,
  }: {
    partitionMetadata: PartitionMetadata[];
    message: Keyed;
  }): number => {
    const { key, partition } = message;
    if (partition !== undefined && partition !== null) return partition;
    const count = partitionMetadata.length;
    if (key === undefined || key === null) return turn++ % count;
    return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % count;
  };
}

/** Murmur2 in 32 bits, as Kafka has it. */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let part = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    part = Math.imul(part, M);
    part ^= part >>> R;
    hash = Math.imul(hash, M) ^ Math.imul(part, M);
  }
  for (let at = length - 1; at >= whole; at--) hash ^= data[at]! << (8 * (at - whole));
  if (whole < length) hash = Math.imul(hash, M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}
