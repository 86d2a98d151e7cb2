import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

describe('the simulated clock', () => {
  it('runs callbacks in the order in which they are due, at their time', () => {
    const clock = new SimulatedClock();
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name} ${clock.now()}`);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.every(20, note('every'));
    clock.advance(60);
    expect(seen).toEqual(['a 10', 'b 10', 'every 20', 'c 30', 'every 40', 'every 60']);
    expect(clock.now()).toBe(60);
  });

  it('runs what callbacks ask for when it is due within the same advance', () => {
    const clock = new SimulatedClock();
    const seen: number[] = [];
    clock.after(10, () => clock.after(10, () => seen.push(clock.now())));
    clock.advance(25);
    expect(seen).toEqual([20]);
  });

  it('does not run what was cancelled', () => {
    const clock = new SimulatedClock();
    let ticks = 0;
    const handle = clock.every(10, () => {
      ticks++;
      if (ticks === 3) clock.cancel(handle);
    });
    clock.advance(1000);
    expect(ticks).toBe(3);
    expect(clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });

  it('runs overdue callbacks once after a stall', () => {
    const clock = new SimulatedClock();
    const seen: number[] = [];
    clock.every(10, () => seen.push(clock.now()));
    clock.stall(105);
    clock.advance(10);
    expect(seen).toEqual([105, 115]);
  });

  it('keeps monotonic time when the wall clock jumps', () => {
    const clock = new SimulatedClock(1_000_000);
    clock.advance(500);
    clock.jumpWall(-10_000);
    expect(clock.wallNow()).toBe(990_500);
    expect(clock.now()).toBe(500);
  });

  it('jumps from one callback to the next on request', () => {
    const clock = new SimulatedClock();
    clock.after(70, () => {});
    expect(clock.runNext()).toBe(true);
    expect(clock.now()).toBe(70);
    expect(clock.runNext()).toBe(false);
  });
});
