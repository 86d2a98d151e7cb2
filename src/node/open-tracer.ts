import { randomUUID } from 'node:crypto';
import type { Config } from '../runtime/config/config.ts';
import type { Role } from '../runtime/config/load-config.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { SpanSink } from '../runtime/ports/span-sink.ts';
import { Tracer } from '../runtime/trace/tracer.ts';
import { heldBackIn } from './node-metrics.ts';
import { SYSTEM_RANDOM } from './system-random.ts';

/** The tracer of a process, and where its spans go. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly sink: SpanSink;
}

export type OpenTracing = (parts: {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}) => Tracing;

const SERVICES: Readonly<Record<Role, string>> = {
  dev: 'holdfast',
  gateway: 'holdfast-gateway',
  api: 'holdfast-api',
};

/** Null with an empty `tracing.endpoint`: then nothing of OpenTelemetry is even loaded. */
export async function tracingFor(config: Config, role: Role, version: string): Promise<OpenTracing | null> {
  const { endpoint, sample, headers } = config.tracing;
  if (endpoint === '') return null;
  const { openOtlpSpans } = await import('../adapters/otlp/otlp-spans.ts');
  return ({ clock, metrics, log }) => {
    const sink = openOtlpSpans({
      endpoint,
      headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
      resource: {
        'service.name': SERVICES[role],
        'service.version': version,
        'service.instance.id': randomUUID(),
      },
      clock,
      log,
      onHeldBack: heldBackIn(metrics),
      counted: (outcome, spans) => metrics.counters.add(COUNTER.spans[outcome], spans),
    });
    const system = busOf(config);
    return { sink, tracer: new Tracer({ sink, random: SYSTEM_RANDOM, sample, system }) };
  };
}

function busOf({ redis, kafka }: Config): 'memory' | 'redis' | 'kafka' {
  if (redis.url === '') return 'memory';
  return kafka.brokers.length === 0 ? 'redis' : 'kafka';
}
