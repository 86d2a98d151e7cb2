import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAsLibrary, encodeAsLibrary, recordIn } from '../../src/adapters/kafka/kafkajs.ts';
import { decodeRecord } from '../../src/adapters/kafka/record-decoding.ts';
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
const few = fc.oneof(
  fc.string(),
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
);
/** Also what our encoding does not take. */
const anyRecord = fc.record({
  offsetDelta: fc.nat(),
  timestampDelta: fc.integer(),
  key: fc.option(few),
  value: fc.option(few),
  headers: fc.dictionary(
    fc.constantFrom(...HEADERS, ...Array.from({ length: 30 }, (_, i) => `name ${i}`)),
    fc.oneof(few, fc.array(few)),
    { maxKeys: 40 },
  ),
});
const context = fc.record({
  firstOffset: fc.oneof(fc.nat(), fc.bigInt(2n ** 53n - 10n, 2n ** 62n)).map(String),
  firstTimestamp: fc.nat({ max: 2 ** 40 }).map(String),
  maxTimestamp: fc.constant('1700000000000'),
  timestampType: fc.constantFrom(0, 1),
  magicByte: fc.constant(2),
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

  it('is read as the library reads it, whoever wrote it', () => {
    fc.assert(
      fc.property(anyRecord, context, (one, batch) => {
        const encoded = encodeAsLibrary(one as Parameters<typeof encodeAsLibrary>[0]).buffer;
        const ours = decodeRecord({ buffer: recordIn(encoded) }, batch);
        expect(isDeepStrictEqual(ours, decodeAsLibrary(encoded, batch))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
