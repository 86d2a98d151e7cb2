import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAsLibrary } from '../../src/adapters/kafka/kafkajs.ts';
import { encodeRecord } from '../../src/adapters/kafka/record-encoding.ts';

const text = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 60 }));
const bytes = fc.oneof(
  text,
  fc.uint8Array({ maxLength: 3_000 }).map((array) => Buffer.from(array)),
  fc.constant(Buffer.alloc(100_000, 7)),
);
const HEADERS = ['X-ID', 'X-Uid', 'X-Guid', 'traceparent', 'X-Message-ID', 'ünïcödé'];
const record = fc.record({
  offsetDelta: fc.nat({ max: 1_000_000 }),
  timestampDelta: fc.nat({ max: 1_000_000 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.constantFrom(...HEADERS), bytes),
});

describe('a record of a batch', () => {
  it('is encoded byte for byte as the library does it', () => {
    fc.assert(
      fc.property(record, (one) => {
        const ours = encodeRecord(one)!.buffer;
        expect(ours.equals(encodeAsLibrary(one).buffer)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is left to the library when something is out of the ordinary', () => {
    expect(encodeRecord({ headers: { many: ['a', 'b'] } })).toBeNull();
    expect(encodeRecord({ timestampDelta: -1 })).toBeNull();
    expect(encodeRecord({ timestampDelta: 2 ** 40 })).toBeNull();
  });
});
