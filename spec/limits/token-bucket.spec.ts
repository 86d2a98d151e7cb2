import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../src/runtime/limits/token-bucket.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

function taken(buckets: TokenBuckets, row: number, tries: number): number {
  let tokens = 0;
  for (let i = 0; i < tries; i++) if (buckets.take(row)) tokens += 1;
  return tokens;
}

describe('a token bucket', () => {
  it('lets a burst pass, then as many as flow in', () => {
    const clock = new SimulatedClock();
    const buckets = new TokenBuckets({ clock, rate: 10, burst: 30 });
    expect(taken(buckets, 0, 100)).toBe(30);
    clock.advance(100);
    expect(taken(buckets, 0, 100)).toBe(1);
    clock.advance(250);
    expect(taken(buckets, 0, 100)).toBe(2);
    clock.advance(60_000);
    expect(taken(buckets, 0, 100)).toBe(30);
  });

  it('holds what flows in within a second when no burst is set, and at least one token', () => {
    const clock = new SimulatedClock();
    expect(taken(new TokenBuckets({ clock, rate: 7, burst: 0 }), 0, 100)).toBe(7);
    expect(taken(new TokenBuckets({ clock, rate: 0.5, burst: 0 }), 0, 100)).toBe(1);
  });

  it('is its own for every row, however high', () => {
    const clock = new SimulatedClock();
    const buckets = new TokenBuckets({ clock, rate: 1, burst: 2 });
    for (const row of [0, 1, 255, 256, 100_000]) expect(taken(buckets, row, 5)).toBe(2);
    expect(taken(buckets, 1, 5)).toBe(0);
  });

  it('is full again for the next connection in its row', () => {
    const clock = new SimulatedClock();
    const buckets = new TokenBuckets({ clock, rate: 1, burst: 3 });
    taken(buckets, 4, 10);
    buckets.reset(4);
    expect(taken(buckets, 4, 10)).toBe(3);
    buckets.reset(1_000_000);
    expect(taken(buckets, 1_000_000, 10)).toBe(3);
  });

  it('lets pass exactly what a bucket with a level would', () => {
    const script = fc.array(
      fc.record({ pause: fc.integer({ min: 0, max: 400 }), tries: fc.integer({ min: 0, max: 8 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(
        script,
        fc.constantFrom(1, 4, 5, 8),
        fc.integer({ min: 1, max: 12 }),
        (steps, rate, burst) => {
          const clock = new SimulatedClock();
          const buckets = new TokenBuckets({ clock, rate, burst });
          // The level counted in thousandths of a token, which is exact for these rates.
          let level = burst * 1000;
          for (const { pause, tries } of steps) {
            clock.advance(pause);
            level = Math.min(burst * 1000, level + pause * rate);
            for (let i = 0; i < tries; i++) {
              const allowed = level >= 1000;
              if (allowed) level -= 1000;
              expect(buckets.take(0)).toBe(allowed);
            }
          }
        },
      ),
    );
  });
});
