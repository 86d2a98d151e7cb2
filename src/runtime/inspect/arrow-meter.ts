import type { MachineTables } from '../machine/compiled-machine.ts';

/** Rates are taken over about this long, ms. */
const WINDOW = 1_000;

interface Reading {
  /** On the clock's monotonic scale, ms. */
  readonly at: number;
  readonly taken: Uint32Array;
}

/** How often each arrow of a machine is taken. The runner counts transitions only while a meter is on. */
export class ArrowMeter {
  private readonly runner: { readonly machine: MachineTables; taken: Uint32Array | null };
  private readonly readings: Reading[] = [];

  constructor(runner: { readonly machine: MachineTables; taken: Uint32Array | null }) {
    this.runner = runner;
  }

  get isOn(): boolean {
    return this.readings.length > 0;
  }

  /** Begins to count unless it does, and reads the counters. */
  read(now: number): void {
    this.runner.taken ??= new Uint32Array(this.runner.machine.nextState.length);
    this.readings.push({ at: now, taken: this.runner.taken.slice() });
    // The last one that is old enough stays: rates are taken from there on.
    while (this.readings.length > 2 && now - this.readings[1]!.at >= WINDOW) this.readings.shift();
  }

  off(): void {
    this.runner.taken = null;
    this.readings.length = 0;
  }

  /** Per second, by id; empty before the second reading. */
  rates(): Record<string, number> {
    const [first] = this.readings;
    const last = this.readings.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return {};
    const { arrows, arrowFrom, arrowCode } = this.runner.machine;
    const sums = new Float64Array(arrows.length);
    for (let transition = 1; transition < last.taken.length; transition++) {
      const count = (last.taken[transition]! - first.taken[transition]!) >>> 0;
      if (count === 0) continue;
      for (let at = arrowFrom[transition]!; at < arrowFrom[transition + 1]!; at++) {
        sums[arrowCode[at]!]! += count;
      }
    }
    const rates: Record<string, number> = {};
    for (const [arrow, sum] of sums.entries()) {
      if (sum > 0) rates[arrows[arrow]!] = Number(((sum * 1000) / (last.at - first.at)).toPrecision(3));
    }
    return rates;
  }
}
