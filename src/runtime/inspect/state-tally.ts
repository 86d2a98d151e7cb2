import type { MachineTables } from '../machine/compiled-machine.ts';
import { TICK } from '../machine/timing-wheel.ts';
import type { StateCensus } from '../ports/census.ts';
import { DwellHistogram } from './dwell-histogram.ts';

/** Lengths of stay are read from this many rows of a configuration, or all it has; from a few more where it has many more. */
export const SAMPLE = 250;

/** A machine's runner, as far as it is looked at from above. */
export interface CountedRunner {
  readonly machine: MachineTables;
  readonly population: Int32Array;
  state(row: number): number;
  dwell(row: number, slot: number): number;
  taken: Uint32Array | null;
}

/** Counts rows of one machine by the states that are active in them, and how long they have been. Made once, cleared. */
export class StateTally {
  readonly runner: CountedRunner;
  private readonly paths: readonly string[];
  /** By configuration: indexes into `paths`. */
  private readonly active: readonly (readonly number[])[];
  /** By path. */
  private readonly slots: readonly number[];
  /** By configuration. */
  private readonly counts: Float64Array;
  /** By configuration: of how many that are seen one is sampled. */
  private readonly every: Float64Array;
  private readonly dwells: DwellHistogram;

  constructor(runner: CountedRunner) {
    const { entrySlot, activePaths } = runner.machine;
    this.runner = runner;
    this.paths = [...entrySlot.keys()];
    this.slots = [...entrySlot.values()];
    this.active = activePaths.map((paths) => paths.map((path) => this.paths.indexOf(path)));
    this.counts = new Float64Array(activePaths.length);
    this.every = new Float64Array(activePaths.length).fill(1);
    this.dwells = new DwellHistogram(this.paths.length);
  }

  /** So many rows are in this configuration. */
  count(state: number, rows: number): void {
    this.counts[state]! += rows;
  }

  /** Counts one row, and samples it if that is its turn: the more there are like it, the rarer. */
  see(row: number): void {
    const state = this.runner.state(row);
    if (state === 0) return;
    const seen = this.counts[state]!++;
    const every = this.every[state]!;
    if (seen % every === 0) this.sample(row, state, every);
    if (seen >= SAMPLE * every) this.every[state] = every * 2;
  }

  /** Takes the row's lengths of stay, for itself and as many others like it as `weight` says. */
  sample(row: number, state: number, weight: number): void {
    for (const place of this.active[state]!) {
      this.dwells.add(place, this.runner.dwell(row, this.slots[place]!) / TICK, weight);
    }
  }

  result(): Record<string, StateCensus> {
    const found: Record<string, StateCensus> = {};
    const counts = new Float64Array(this.paths.length);
    for (const [state, places] of this.active.entries()) {
      for (const place of places) counts[place]! += this.counts[state]!;
    }
    for (const [place, path] of this.paths.entries()) {
      const count = counts[place]!;
      if (count === 0) continue;
      found[path] = {
        count,
        p50: this.dwells.quantile(place, 0.5) * TICK,
        p99: this.dwells.quantile(place, 0.99) * TICK,
      };
    }
    return found;
  }

  clear(): this {
    this.counts.fill(0);
    this.every.fill(1);
    this.dwells.clear();
    return this;
  }
}
