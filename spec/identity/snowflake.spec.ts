import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import {
  MAX_BORROWED,
  nodeOf,
  SNOWFLAKE_EPOCH,
  SnowflakeGenerator,
  type SnowflakeParts,
  timeOf,
} from '../../src/runtime/identity/snowflake.ts';

const START = Date.UTC(2026, 10, 20);

function clockAt(start = START): { wall: number; wallNow(): number } {
  return {
    wall: start,
    wallNow() {
      return this.wall;
    },
  };
}

function toBigInt(parts: { hi: number; lo: number }): bigint {
  return (BigInt(parts.hi) << 32n) | BigInt(parts.lo);
}

describe('a Snowflake', () => {
  it('carries its time and its node', () => {
    const clock = clockAt();
    const ids = new SnowflakeGenerator({ clock, node: 1023 });
    ids.next();
    expect(timeOf(ids.hi, ids.lo)).toBe(START);
    expect(nodeOf(ids.hi, ids.lo)).toBe(1023);
    expect(toBigInt(ids)).toBe((BigInt(START - SNOWFLAKE_EPOCH) << 22n) | (1023n << 12n));
  });

  it('has 63 bits on the last millisecond it can express, and is refused on the next', () => {
    const clock = clockAt(SNOWFLAKE_EPOCH + 2 ** 41 - 1);
    const ids = new SnowflakeGenerator({ clock, node: 5 });
    ids.next();
    expect(timeOf(ids.hi, ids.lo)).toBe(clock.wall);
    expect(toBigInt(ids)).toBeLessThan(2n ** 63n);
    clock.wall += 1;
    expect(() => ids.next()).toThrow(HoldfastError);
  });

  it('is refused while the clock stands before the epoch', () => {
    const ids = new SnowflakeGenerator({ clock: clockAt(0), node: 0 });
    expect(() => ids.next()).toThrow(/before 2026/);
  });

  it.each([-1, 1024, 1.5, Number.NaN])('refuses node number %s', (node) => {
    expect(() => new SnowflakeGenerator({ clock: clockAt(), node })).toThrow(/node number/);
  });
});

describe('the generator', () => {
  it('goes on in the next millisecond when one has given out its 4096 numbers', () => {
    const ids = new SnowflakeGenerator({ clock: clockAt(), node: 1 });
    let last = -1n;
    for (let i = 0; i < 10_000; i++) {
      ids.next();
      expect(toBigInt(ids) > last).toBe(true);
      last = toBigInt(ids);
    }
    expect(timeOf(ids.hi, ids.lo)).toBe(START + 2);
  });

  it('waits out a small clock step back: ids keep rising and none repeats', () => {
    const clock = clockAt();
    const ids = new SnowflakeGenerator({ clock, node: 1 });
    ids.next();
    const before = toBigInt(ids);
    clock.wall -= MAX_BORROWED;
    ids.next();
    expect(toBigInt(ids)).toBeGreaterThan(before);
    expect(ids.reached).toBe(START);
  });

  it('refuses a large clock step back, and goes on once the clock has caught up', () => {
    const clock = clockAt();
    const ids = new SnowflakeGenerator({ clock, node: 1 });
    ids.next();
    const before = toBigInt(ids);
    clock.wall -= MAX_BORROWED + 1;
    expect(() => ids.next()).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(toBigInt(ids)).toBe(before);
    clock.wall += 1;
    ids.next();
    expect(toBigInt(ids)).toBeGreaterThan(before);
  });

  it('refuses a flood that would run ahead of the clock by more than it may borrow', () => {
    const ids = new SnowflakeGenerator({ clock: clockAt(), node: 1, floor: START + MAX_BORROWED - 1 });
    for (let i = 0; i < 4096; i++) ids.next();
    expect(() => ids.next()).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('never issues an id that the lease on its node may have seen', () => {
    const clock = clockAt();
    const ids = new SnowflakeGenerator({ clock, node: 1, floor: START + 500 });
    ids.next();
    expect(timeOf(ids.hi, ids.lo)).toBe(START + 501);
    ids.raiseFloor(START + 100);
    ids.next();
    expect(timeOf(ids.hi, ids.lo)).toBe(START + 501);
    ids.raiseFloor(START + 10_000);
    expect(() => ids.next()).toThrow(expect.objectContaining({ code: 'unavailable' }));
    clock.wall = START + 10_000 - MAX_BORROWED + 1;
    ids.next();
    expect(timeOf(ids.hi, ids.lo)).toBe(START + 10_001);
  });

  it('strictly increases whatever the clock does', () => {
    const steps = fc.array(
      fc.record({ step: fc.integer({ min: -5_000, max: 5_000 }), ids: fc.integer({ min: 0, max: 5_000 }) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const clock = clockAt();
        const ids = new SnowflakeGenerator({ clock, node: 7 });
        let last = { hi: -1, lo: 0 };
        for (const { step, ids: count } of script) {
          clock.wall += step;
          for (let i = 0; i < count; i++) {
            try {
              ids.next();
            } catch (error) {
              expect(error).toMatchObject({ code: 'unavailable' });
              expect(ids.reached - clock.wall).toBeGreaterThan(MAX_BORROWED - 1);
              ids.nextWhateverTheClock();
              i = count;
            }
            if (compare(ids, last) <= 0) throw new Error('an id did not rise');
            last = { hi: ids.hi, lo: ids.lo };
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('stamps a fractional clock with whole milliseconds', () => {
    const clock = clockAt(START + 0.75);
    const ids = new SnowflakeGenerator({ clock, node: 3 });
    ids.next();
    expect(timeOf(ids.hi, ids.lo)).toBe(START);
    expect(nodeOf(ids.hi, ids.lo)).toBe(3);
  });
});

function compare(a: SnowflakeParts, b: SnowflakeParts): number {
  return a.hi === b.hi ? a.lo - b.lo : a.hi - b.hi;
}
