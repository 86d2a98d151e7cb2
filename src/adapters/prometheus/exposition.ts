import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { COUNTER_FAMILIES } from '../../runtime/metrics/counter-slots.ts';
import type { Counters } from '../../runtime/metrics/counters.ts';
import type { Gauges } from '../../runtime/metrics/gauges.ts';
import type { Metrics } from '../../runtime/metrics/metrics.ts';
import { STAGES } from '../../runtime/trail.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { exposeGauges } from './exposed-gauges.ts';
import { type LabeledHistogram, TableHistogram } from './table-histogram.ts';

/** The text that Prometheus scrapes. */
export interface Exposition {
  readonly contentType: string;
  scrape(): Promise<string>;
  /** Stops measuring. */
  close(): void;
}

export interface ExpositionOptions {
  readonly metrics: Metrics;
  readonly gauges: Gauges;
  readonly version: string;
}

/** Exposes the metrics of one node, and Node's own of the process. All numbers are read at scrape time. */
export function createExposition({ metrics, gauges, version }: ExpositionOptions): Exposition {
  const registry = new Registry();
  const eventLoopDelay = new EventLoopDelay(metrics.eventLoopDelay);
  collectDefaultMetrics({ register: registry });
  exposeCounters(registry, metrics.counters);
  exposeHistograms(registry, metrics, eventLoopDelay);
  exposeGauges(registry, gauges, version);
  return {
    contentType: registry.contentType,
    scrape: () => registry.metrics(),
    close: () => {
      eventLoopDelay.stop();
      registry.clear();
    },
  };
}

function exposeCounters(registry: Registry, counters: Counters): void {
  for (const { name, help, labels, slots, sparse } of COUNTER_FAMILIES) {
    new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const { slot, values } of slots) {
          const value = counters.values[slot]!;
          if (value === 0 && sparse) continue;
          this.inc(Object.fromEntries(labels.map((label, index) => [label, values[index]!])), value);
        }
      },
    });
  }
}

function exposeHistograms(registry: Registry, metrics: Metrics, eventLoopDelay: EventLoopDelay): void {
  const alone = (histogram: LabeledHistogram['histogram']): LabeledHistogram[] => [{ labels: {}, histogram }];
  const stages = STAGES.map((stage) => ({
    labels: { stage },
    histogram: metrics.deliveryDelay[stage],
  }));
  const histograms = [
    new TableHistogram(
      'holdfast_push_duration_seconds',
      'Time to answer a push request.',
      alone(metrics.pushDuration),
    ),
    new TableHistogram(
      'holdfast_delivery_delay_seconds',
      'Time that messages spend in each stage of their way.',
      stages,
    ),
    new TableHistogram(
      'holdfast_backend_duration_seconds',
      'Time of one call of the backend.',
      alone(metrics.backendDuration),
    ),
    new TableHistogram(
      'holdfast_redis_duration_seconds',
      'Time of one Redis command.',
      alone(metrics.redisDuration),
    ),
    new TableHistogram(
      'holdfast_kafka_produce_duration_seconds',
      'Time until Kafka accepted a batch.',
      alone(metrics.kafkaProduceDuration),
    ),
    new TableHistogram(
      'holdfast_event_loop_delay_seconds',
      'How late the event loop runs what is due.',
      alone(metrics.eventLoopDelay),
      () => eventLoopDelay.collect(),
    ),
  ];
  for (const histogram of histograms) registry.registerMetric(histogram);
}
