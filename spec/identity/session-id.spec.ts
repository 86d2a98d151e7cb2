import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionIds } from '../../src/runtime/identity/session-id.ts';

const KEY = Buffer.alloc(16, 7);
const hi = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const lo = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('a sid', () => {
  it('is 32 characters that are safe in a URL, and is checked without having been stored', () => {
    fc.assert(
      fc.property(hi, lo, (high, low) => {
        const sid = new SessionIds(KEY).issue(high, low);
        expect(sid).toMatch(/^[A-Za-z0-9_-]{32}$/);
        const other = new SessionIds(KEY);
        expect(other.verify(sid)).toBe(true);
        expect([other.hi, other.lo]).toEqual([high, low]);
      }),
      { numRuns: 200 },
    );
  });

  it('is the Snowflake and one AES block over it and the domain', () => {
    const block = Buffer.concat([Buffer.from('000000050000000a', 'hex'), Buffer.from('hf/sid/1')]);
    const cipher = createCipheriv('aes-128-ecb', KEY, null).setAutoPadding(false);
    const expected = Buffer.concat([block.subarray(0, 8), cipher.update(block)]).toString('base64url');
    expect(new SessionIds(KEY).issue(5, 10)).toBe(expected);
  });

  it('stays the same however many were issued in between: the cipher keeps no state', () => {
    const ids = new SessionIds(KEY);
    const first = ids.issue(1, 2);
    for (let i = 0; i < 100; i++) ids.issue(i, i);
    expect(ids.issue(1, 2)).toBe(first);
    expect(ids.verify(first)).toBe(true);
  });

  it('is refused when any single bit of it differs', () => {
    const ids = new SessionIds(KEY);
    const bytes = Buffer.from(ids.issue(123_456, 4_000_000_000), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(ids.verify(forged.toString('base64url'))).toBe(false);
    }
  });

  it('is refused when another key issued it', () => {
    expect(new SessionIds(randomBytes(16)).verify(new SessionIds(KEY).issue(1, 2))).toBe(false);
  });

  it('leaves the parts of the last good one alone when it is refused', () => {
    const ids = new SessionIds(KEY);
    ids.verify(ids.issue(3, 4));
    expect(ids.verify('A'.repeat(32))).toBe(false);
    expect([ids.hi, ids.lo]).toEqual([3, 4]);
  });

  it.each([
    '',
    'undefined',
    '__proto__',
    'A'.repeat(31),
    'A'.repeat(33),
    'A'.repeat(1_000_000),
    `${'A'.repeat(31)}\u0141`,
    `${'A'.repeat(31)}\u0000`,
    `${'A'.repeat(31)}=`,
  ])('is refused when malformed: %.40j', (text) => {
    expect(new SessionIds(KEY).verify(text)).toBe(false);
  });

  it('is refused in the other base64 alphabet, so that one session has one sid', () => {
    const ids = new SessionIds(KEY);
    let sid = '';
    for (let i = 0; !/[-_]/.test(sid); i++) sid = ids.issue(9, i);
    expect(ids.verify(sid)).toBe(true);
    expect(ids.verify(sid.replaceAll('-', '+').replaceAll('_', '/'))).toBe(false);
  });

  it('does not take anything for a sid that it did not issue', () => {
    const ids = new SessionIds(KEY);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String({ minLength: 32, maxLength: 32 })), (text) => {
        expect(ids.verify(text)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
