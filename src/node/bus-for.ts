import type { Config } from '../runtime/config/config.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { Tracer } from '../runtime/trace/tracer.ts';
import type { ClusterBus } from './cluster-bus.ts';
import { KafkaBus } from './kafka-bus.ts';
import { RedisBus } from './redis-bus.ts';

export interface BusParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
}

/** What joins this node to the others, by `redis.url` and `kafka.brokers`. */
export function busFor(config: Config, parts: BusParts): ClusterBus {
  return config.kafka.brokers.length === 0 ? new RedisBus(config, parts) : new KafkaBus(config, parts);
}
