import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { TimingWheel } from '../../src/runtime/machine/timing-wheel.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

describe('the timing wheel', () => {
  let clock: SimulatedClock;
  let wheel: TimingWheel;
  let fired: { row: number; timer: number; at: number }[];
  let owner: number;

  beforeEach(() => {
    clock = new SimulatedClock();
    wheel = new TimingWheel(clock);
    fired = [];
    owner = wheel.register((row, timer) => fired.push({ row, timer, at: clock.now() }));
  });

  it('fires a timer for the row and number it was armed with', () => {
    wheel.arm(owner, 7, 3, 250);
    clock.advance(240);
    expect(fired).toEqual([]);
    clock.advance(10);
    expect(fired).toEqual([{ row: 7, timer: 3, at: 250 }]);
  });

  it('fires nothing twice', () => {
    wheel.arm(owner, 0, 0, 50);
    clock.advance(100_000);
    expect(fired).toHaveLength(1);
    expect(wheel.armed).toBe(0);
  });

  it('never fires early and at most a tick late, however far away the deadline is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ wait: fc.nat(500), delay: fc.nat(400_000) }), { maxLength: 50 }),
        (timers) => {
          const ownClock = new SimulatedClock();
          const ownWheel = new TimingWheel(ownClock);
          const due: number[] = [];
          const seen: [number, number][] = [];
          const mine = ownWheel.register((row) => seen.push([row, ownClock.now()]));
          timers.forEach(({ wait, delay }, row) => {
            ownClock.advance(wait);
            due.push(ownClock.now() + delay);
            ownWheel.arm(mine, row, 0, delay);
          });
          ownClock.advance(400_020);
          expect(seen).toHaveLength(timers.length);
          for (const [row, at] of seen) {
            expect(at).toBeGreaterThanOrEqual(due[row]!);
            expect(at).toBeLessThanOrEqual(due[row]! + 20);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('fires in the order of the deadlines within a tick, and of arming where they are equal', () => {
    clock.advance(1);
    for (const [row, delay] of [108, 103, 105, 103, 101, 105].entries()) wheel.arm(owner, row, 0, delay);
    clock.advance(200);
    expect(fired.map(({ row }) => row)).toEqual([4, 1, 3, 2, 5, 0]);
    expect(new Set(fired.map(({ at }) => at)).size).toBe(1);
  });

  it('does not fire a cancelled timer', () => {
    const handle = wheel.arm(owner, 1, 0, 100);
    wheel.arm(owner, 2, 0, 100);
    wheel.cancel(handle);
    clock.advance(200);
    expect(fired.map(({ row }) => row)).toEqual([2]);
  });

  it('refuses to cancel what is not armed', () => {
    const handle = wheel.arm(owner, 1, 0, 100);
    wheel.cancel(handle);
    expect(() => wheel.cancel(handle)).toThrow(RangeError);
  });

  it('refuses delays that are no number of milliseconds', () => {
    expect(() => wheel.arm(owner, 0, 0, Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => wheel.arm(owner, 0, 0, Number.NaN)).toThrow(RangeError);
    expect(wheel.armed).toBe(0);
  });

  it('lets a timer cancel another one that is due in the same tick', () => {
    const handles: number[] = [];
    const rows: number[] = [];
    const killer = wheel.register((row) => {
      rows.push(row);
      if (row === 0) wheel.cancel(handles[2]!);
    });
    for (let row = 0; row < 4; row++) handles.push(wheel.arm(killer, row, 0, 100));
    clock.advance(200);
    expect(rows).toEqual([0, 1, 3]);
    expect(wheel.armed).toBe(0);
  });

  it('lets a timer arm itself again, also with no delay, without firing twice in a tick', () => {
    const times: number[] = [];
    const again = wheel.register((row) => {
      times.push(clock.now());
      if (times.length < 4) wheel.arm(again, row, 0, times.length === 1 ? 0 : 30);
    });
    wheel.arm(again, 0, 0, 100);
    clock.advance(1000);
    expect(times).toEqual([100, 110, 140, 170]);
  });

  it('keeps 100,000 timers apart and gives their memory back', () => {
    const count = 100_000;
    const delay = (row: number): number => (row * 7919) % 60_000;
    const handles = Array.from({ length: count }, (_, row) => wheel.arm(owner, row, row & 0xff, delay(row)));
    for (let row = 0; row < count; row += 2) wheel.cancel(handles[row]!);
    expect(wheel.armed).toBe(count / 2);
    clock.advance(60_010);
    expect(fired).toHaveLength(count / 2);
    const wrong = fired.filter(
      ({ row, timer, at }) =>
        row % 2 !== 1 || timer !== (row & 0xff) || at < delay(row) || at > delay(row) + 10,
    );
    expect(wrong).toEqual([]);
    const before = new Set(handles);
    const anew = handles.map((_, row) => wheel.arm(owner, row, 0, 10));
    expect(anew.filter((handle) => !before.has(handle))).toEqual([]);
  });

  it('uses the clock only while something is armed', () => {
    expect(clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
    const handle = wheel.arm(owner, 0, 0, 1000);
    expect(clock.nextDue()).toBe(10);
    wheel.cancel(handle);
    clock.advance(10);
    expect(clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });

  it('counts no time while nothing is armed as a pause', () => {
    wheel.arm(owner, 0, 0, 10);
    clock.advance(3_600_000);
    wheel.arm(owner, 1, 0, 100);
    clock.advance(100);
    expect(fired.map(({ row }) => row)).toEqual([0, 1]);
    expect(wheel.forgiven).toBe(0);
  });

  it('says how long a timer has to go', () => {
    const handle = wheel.arm(owner, 0, 5, 1000);
    clock.advance(300);
    expect(wheel.remaining(handle)).toBe(700);
    expect(wheel.timerOf(handle)).toBe(5);
  });

  describe('after a stall of the event loop', () => {
    it('extends all deadlines by the pause, so that nobody is closed for it', () => {
      for (let row = 0; row < 1000; row++) wheel.arm(owner, row, 0, 1000 + row);
      clock.advance(500);
      clock.stall(30_000);
      expect(fired).toEqual([]);
      clock.advance(480);
      expect(fired).toEqual([]);
      clock.advance(1100);
      expect(fired).toHaveLength(1000);
      expect(fired[0]!.at).toBe(1000 + 30_000 - 10);
    });

    it('says how much it has forgiven in all', () => {
      wheel.arm(owner, 0, 0, 100_000);
      clock.stall(5000);
      clock.advance(50);
      clock.stall(7000);
      expect(wheel.forgiven).toBe(5000 - 10 + 7000 - 10);
    });

    it('forgives nothing below the threshold', () => {
      wheel.arm(owner, 0, 0, 300);
      clock.stall(500);
      expect(wheel.forgiven).toBe(0);
      expect(fired).toHaveLength(1);
    });

    it('gives timers armed during the pause their whole time after it', () => {
      let armedAt = 0;
      clock.after(15, () => {
        clock.block(2000);
        armedAt = clock.now();
        wheel.arm(owner, 1, 0, 100);
      });
      wheel.arm(owner, 0, 0, 60_000);
      clock.advance(50);
      clock.advance(200);
      const [first] = fired;
      expect(first?.row).toBe(1);
      expect(first!.at).toBeGreaterThanOrEqual(armedAt + 100);
      expect(first!.at).toBeLessThanOrEqual(armedAt + 130);
      expect(wheel.forgiven).toBeGreaterThan(1900);
    });
  });
});
