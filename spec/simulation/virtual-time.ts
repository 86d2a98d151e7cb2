import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SeededRandom } from '../gateway/seeded-random.ts';

/** The real one: between two events of virtual time promises settle, and that takes turns of the event loop. */
const turn = setImmediate;
/** Parts of a millisecond: sums and differences of times are exact, and nobody waits for a rounding error. */
const GRAIN = 1024;
const START = Date.UTC(2026, 0, 1);

/**
 * Time and chance of one simulation. Everything that happens is an event of the clock; when one is over, promises and
 * `setImmediate` have their turns until nothing is left of them. So the same seed does the same again.
 */
export class VirtualTime {
  readonly clock = new SimulatedClock(START);
  readonly random: SeededRandom;
  /** What happened, for people. */
  readonly film: string[] = [];
  private readonly immediates: (() => void)[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    // Zero stands for "not behind" in the tables; a process is never that young.
    this.clock.advance(1000);
  }

  now(): number {
    return this.clock.now();
  }

  after(ms: number, callback: () => void): void {
    this.clock.after(Math.ceil(Math.max(0, ms) * GRAIN) / GRAIN, callback);
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.random.fraction();
  }

  note(who: string, what: string): void {
    this.film.push(`${((this.now() - 1000) / 1000).toFixed(4).padStart(9)}  ${who.padEnd(10)} ${what}`);
  }

  readonly immediate = (callback: () => void): void => {
    this.immediates.push(callback);
  };

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time pass until `done`, or for `ms`. */
  async run(ms: number, done: () => boolean = () => false): Promise<void> {
    const until = this.now() + ms;
    globalThis.setImmediate = this.immediate as typeof setImmediate;
    try {
      await this.settle();
      while (this.clock.nextDue() <= until && !done()) {
        this.clock.runNext();
        await this.settle();
      }
    } finally {
      globalThis.setImmediate = turn;
    }
  }

  private async settle(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => turn(resolve));
      const next = this.immediates.shift();
      if (next === undefined) return;
      next();
    }
  }
}
