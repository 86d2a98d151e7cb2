import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Histogram } from '../../runtime/metrics/histogram.ts';

/** How often Node looks. It reports the whole time between two looks, so this much is no delay. */
const RESOLUTION = 10;
/** How often what Node saw is moved into our buckets. */
const PERIOD = 1000;
const NANOSECONDS = 1e6;

/**
 * Measures how late the event loop runs what is due, into a histogram that only ever grows, as Prometheus wants
 * it. Node's own histogram is emptied every second; the few samples of a second keep their values that way.
 */
export class EventLoopDelay {
  private readonly source: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  private readonly target: Histogram;
  private readonly timer: NodeJS.Timeout;

  constructor(target: Histogram) {
    this.target = target;
    this.source.enable();
    this.timer = setInterval(() => this.collect(), PERIOD).unref();
  }

  /** Moves what was measured so far. */
  collect(): void {
    const { count } = this.source;
    let entered = 0;
    for (const [percentile, nanoseconds] of this.source.percentiles) {
      const upTo = Math.min(count, Math.round((count * percentile) / 100));
      if (upTo <= entered) continue;
      this.target.add(Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION), upTo - entered);
      entered = upTo;
    }
    this.source.reset();
  }

  stop(): void {
    clearInterval(this.timer);
    this.source.disable();
  }
}
