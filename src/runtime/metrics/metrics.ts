import { Counters } from './counters.ts';
import { Histogram } from './histogram.ts';

/** The stages a delivery passes, each timed by itself. */
export const DELIVERY_STAGES = [
  /** From a client's message received to a consumer of the upstream log taking it. */
  'upstream',
  /** From taken to the backend's answer, retries included. */
  'backend',
  /** From a command accepted (push API or answer) to its messages written to the transports of one node. */
  'downstream',
] as const;
export type DeliveryStage = (typeof DELIVERY_STAGES)[number];

/** Everything one node counts and times while it works. What it holds at the moment is asked of `Gauges`. */
export class Metrics {
  readonly counters = new Counters();
  readonly pushDuration = new Histogram();
  readonly backendDuration = new Histogram();
  readonly redisDuration = new Histogram();
  readonly kafkaProduceDuration = new Histogram();
  readonly eventLoopDelay = new Histogram();
  readonly deliveryDelay: Readonly<Record<DeliveryStage, Histogram>> = Object.freeze({
    upstream: new Histogram(),
    backend: new Histogram(),
    downstream: new Histogram(),
  });

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
