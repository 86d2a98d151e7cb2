import fc from 'fast-check';
import type { Message } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Decoder,
  decodeBatch,
  decodeBatchAsLibrary,
  produce,
  produceAsLibrary,
} from '../../src/adapters/kafka/kafkajs.ts';

const bytes = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
);
const message = fc.record(
  {
    key: bytes,
    value: fc.option(bytes),
    headers: fc.dictionary(fc.string({ minLength: 1 }), bytes, { maxKeys: 6 }),
    timestamp: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }).map(String),
  },
  { requiredKeys: ['value'] },
);
const partitions = fc.array(
  fc.record({
    partition: fc.nat({ max: 1000 }),
    firstSequence: fc.nat(),
    messages: fc.array(message, { minLength: 1, maxLength: 20 }),
  }),
  { minLength: 1, maxLength: 4 },
);
const topicData = fc.array(fc.record({ topic: fc.string(), partitions }), { maxLength: 3 });

/** The batch in a request for one partition of topic `t`. */
function batchOf(request: Buffer): Buffer {
  // transactional_id acks timeout [topic [partition size]]
  return request.subarray(2 + 2 + 4 + 4 + (2 + 1) + 4 + 4 + 4);
}

async function encoded(how: typeof produce, data: unknown): Promise<Buffer> {
  const request = { acks: -1, timeout: 10_000, topicData: data };
  return (await how(request as Parameters<typeof produce>[0]).encode()).buffer;
}

describe('a batch of records', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is sent byte for byte as the library sends it', async () => {
    await fc.assert(
      fc.asyncProperty(topicData, async (data) => {
        const ours = await encoded(produce, data);
        expect(ours.equals(await encoded(produceAsLibrary, data))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is read as the library reads it, one after the other', async () => {
    const messages = fc.array(message, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(messages, messages, async (first, second) => {
        const one = (of: Message[]) => [
          { topic: 't', partitions: [{ partition: 1, firstSequence: 0, messages: of }] },
        ];
        const both = [await encoded(produce, one(first)), await encoded(produce, one(second))];
        const buffer = Buffer.concat(both.map(batchOf));
        const [ours, theirs] = [new Decoder(buffer), new Decoder(buffer)];
        for (const of of [first, second]) {
          const { records } = await decodeBatch(ours);
          expect(records).toHaveLength(of.length);
          expect(records).toEqual((await decodeBatchAsLibrary(theirs)).records);
          expect(ours.offset).toBe(theirs.offset);
        }
        expect(ours.offset).toBe(buffer.length);
      }),
      { numRuns: 200 },
    );
  });

  it('is the end of what was fetched when it is not complete', async () => {
    const data = [
      { topic: 't', partitions: [{ partition: 1, firstSequence: 0, messages: [{ value: 'v' }] }] },
    ];
    const batch = batchOf(await encoded(produce, data));
    for (const length of [20, 60, batch.length - 1]) {
      await expect(decodeBatch(new Decoder(batch.subarray(0, length)))).rejects.toThrow();
    }
  });
});
