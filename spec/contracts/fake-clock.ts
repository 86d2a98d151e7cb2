import type { Clock, TimerHandle } from '../../src/runtime/ports/clock.ts';

interface Timer {
  at: number;
  readonly every: number | null;
  readonly callback: () => void;
}

/** A clock that stands still until a test advances it. */
export class FakeClock implements Clock {
  wall = Date.UTC(2026, 10, 20);
  #now = 0;
  readonly #timers = new Set<Timer>();

  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.wall;
  }

  after(ms: number, callback: () => void): TimerHandle {
    return this.#add({ at: this.#now + ms, every: null, callback });
  }

  every(ms: number, callback: () => void): TimerHandle {
    return this.#add({ at: this.#now + ms, every: ms, callback });
  }

  cancel(handle: TimerHandle): void {
    this.#timers.delete(handle as Timer);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.wall += due.at - this.#now;
      this.#now = due.at;
      if (due.every === null) this.#timers.delete(due);
      else due.at += due.every;
      due.callback();
    }
    this.wall += end - this.#now;
    this.#now = end;
  }

  #add(timer: Timer): TimerHandle {
    this.#timers.add(timer);
    return timer;
  }
}
