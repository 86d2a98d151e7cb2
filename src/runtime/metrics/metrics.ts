import { STAGES, type Stage } from '../trail.ts';
import { Counters } from './counters.ts';
import { Histogram } from './histogram.ts';

/** Everything one node counts and times while it works. What it holds at the moment is asked of `Gauges`. */
export class Metrics {
  readonly counters = new Counters();
  readonly pushDuration = new Histogram();
  readonly backendDuration = new Histogram();
  readonly redisDuration = new Histogram();
  readonly kafkaProduceDuration = new Histogram();
  readonly eventLoopDelay = new Histogram();
  /** How long messages stay in each stage of their way. Together they are the whole of it. */
  readonly deliveryDelay = Object.freeze(
    Object.fromEntries(STAGES.map((stage) => [stage, new Histogram()])),
  ) as Readonly<Record<Stage, Histogram>>;

  /** As if nothing had happened yet. */
  clear(): void {
    this.counters.values.fill(0);
    for (const histogram of [
      this.pushDuration,
      this.backendDuration,
      this.redisDuration,
      this.kafkaProduceDuration,
      this.eventLoopDelay,
      ...Object.values(this.deliveryDelay),
    ]) {
      histogram.clear();
    }
  }
}
