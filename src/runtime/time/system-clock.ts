import type { Clock, TimerHandle } from '../ports/clock.ts';

/** The machine's own time. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now();
  }

  wallNow(): number {
    return Date.now();
  }

  after(ms: number, callback: () => void): TimerHandle {
    return setTimeout(callback, ms);
  }

  every(ms: number, callback: () => void): TimerHandle {
    return setInterval(callback, ms).unref();
  }

  cancel(handle: TimerHandle): void {
    clearTimeout(handle as NodeJS.Timeout);
  }
}
