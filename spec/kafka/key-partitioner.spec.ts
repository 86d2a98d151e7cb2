import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyPartitioner, murmur2 } from '../../src/adapters/kafka/key-partitioner.ts';

const murmur2OfLibrary = createRequire(import.meta.url)(
  'kafkajs/src/producer/partitioners/default/murmur2.js',
) as (key: Buffer) => number;

const partitions = (count: number) =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));

describe('the partition of a key', () => {
  // Kafka's own test: org.apache.kafka.common.utils.UtilsTest, "testMurmur2".
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ])("hashes '%s' as Kafka does", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('hashes every key as the library does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (key) => {
        expect(murmur2(key)).toBe(murmur2OfLibrary(Buffer.from(key)));
      }),
      { numRuns: 1000 },
    );
  });

  it('is the one asked for, else the one of the key, else each in turn', () => {
    const partitioner = keyPartitioner();
    const choose = (message: object) => partitioner({ partitionMetadata: partitions(4), message });
    expect(choose({ partition: 3, key: 'foobar' })).toBe(3);
    const ofKey = (-790332482 & 0x7fffffff) % 4;
    expect(choose({ key: 'foobar' })).toBe(ofKey);
    expect(choose({ key: Buffer.from('foobar') })).toBe(ofKey);
    expect([{}, {}, {}, {}, {}].map(choose)).toEqual([0, 1, 2, 3, 0]);
  });
});
