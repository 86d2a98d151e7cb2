import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SOCKET } from '../../src/machines/socket.ts';
import { ArrowMeter } from '../../src/runtime/inspect/arrow-meter.ts';
import { DwellHistogram } from '../../src/runtime/inspect/dwell-histogram.ts';
import { compile } from '../../src/runtime/machine/compile.ts';

describe('a dwell histogram', () => {
  it('tells quantiles to one part in sixteen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 1 }),
        fc.constantFrom(0.5, 0.99),
        (values, share) => {
          const histogram = new DwellHistogram(2);
          for (const value of values) histogram.add(1, value, 1);
          const sorted = [...values].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(share * sorted.length) - 1]!;
          const told = histogram.quantile(1, share);
          expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact / 16);
          expect(histogram.quantile(0, share)).toBe(0);
        },
      ),
    );
  });

  it('lets one value stand for many', () => {
    const histogram = new DwellHistogram(1);
    histogram.add(0, 3, 98);
    histogram.add(0, 30, 2);
    expect([histogram.quantile(0, 0.5), histogram.quantile(0, 0.99)]).toEqual([3, 30]);
    histogram.clear();
    expect(histogram.quantile(0, 0.5)).toBe(0);
  });
});

describe('an arrow meter', () => {
  const machine = compile(SOCKET);
  const runner = { machine, taken: null as Uint32Array | null };
  const transition = machine.arrowFrom.findIndex(
    (from, at) => at > 0 && machine.arrowFrom[at + 1]! - from === 2,
  );
  const arrows = Array.from(
    machine.arrowCode.subarray(machine.arrowFrom[transition]!, machine.arrowFrom[transition + 1]!),
    (code) => machine.arrows[code]!,
  );

  it('tells per second, over the last second, how often each arrow of the transitions was taken', () => {
    const meter = new ArrowMeter(runner);
    expect(arrows).toHaveLength(2);
    expect(meter.isOn).toBe(false);
    meter.read(0);
    runner.taken![transition] = 10;
    expect(meter.rates()).toEqual({});
    meter.read(500);
    expect(meter.rates()).toEqual(Object.fromEntries(arrows.map((id) => [id, 20])));
    meter.read(1000);
    meter.read(1500);
    // What is more than a second ago does not count any more.
    meter.read(2000);
    expect(meter.rates()).toEqual({});
  });

  it('counts on when the counter overflows, and nothing while it is off', () => {
    const meter = new ArrowMeter(runner);
    runner.taken = null;
    meter.read(0);
    runner.taken![transition] = 2 ** 32 - 1;
    meter.read(1000);
    runner.taken![transition]! += 5;
    meter.read(2000);
    expect(Object.values(meter.rates())).toEqual([5, 5]);
    meter.off();
    expect([runner.taken, meter.isOn, meter.rates()]).toEqual([null, false, {}]);
  });
});
