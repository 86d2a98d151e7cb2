import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimals, parseDecimal, toDecimal } from '../../src/runtime/identity/snowflake-decimal.ts';

const parts = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 300 })),
  fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 32 - 1)),
);

function parse(text: string): bigint | null {
  const into = { hi: 0, lo: 0 };
  return parseDecimal(text, into) ? (BigInt(into.hi) << 32n) | BigInt(into.lo) : null;
}

describe('the decimal form', () => {
  it('is what BigInt would print', () => {
    fc.assert(
      fc.property(parts, ([hi, lo]) => {
        expect(toDecimal(hi, lo)).toBe(String((BigInt(hi) << 32n) | BigInt(lo)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is exact around every power of ten', () => {
    for (let power = 1n; power < 2n ** 63n; power *= 10n) {
      for (const value of [power - 1n, power, power + 1n]) {
        const text = toDecimal(Number(value >> 32n), Number(value & 0xffffffffn));
        expect(text).toBe(String(value));
        expect(parse(text)).toBe(value);
      }
    }
  });

  it('reads back as the same number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (value) => {
        expect(parse(String(value))).toBe(value);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is ordered as the numbers are', () => {
    const id = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 200n }));
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(Math.sign(compareDecimals(`${a}`, `${b}`))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it('ends at 2^63 - 1', () => {
    expect(parse('9223372036854775807')).toBe(2n ** 63n - 1n);
    expect(parse('9223372036854775808')).toBeNull();
    expect(parse('9999999999999999999')).toBeNull();
  });

  it.each([
    '',
    '-1',
    '+1',
    '01',
    '00',
    ' 1',
    '1 ',
    '1e3',
    '0x1',
    '1.0',
    '１',
    '12345678901234567890',
    'constructor',
  ])('is not %j', (text) => {
    const into = { hi: 11, lo: 22 };
    expect(parseDecimal(text, into)).toBe(false);
    expect(into).toEqual({ hi: 11, lo: 22 });
  });

  it('accepts nothing that BigInt would print otherwise', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 22, unit: fc.constantFrom(...'0123456789-+ex. ') }), (text) => {
        const value = parse(text);
        if (value !== null) expect(String(value)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });
});
