import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Span, SpanKind } from '../../runtime/ports/span-sink.ts';
import { SpanQueue, type SpanQueueOptions } from './span-queue.ts';

export interface OtlpSpansOptions extends Pick<SpanQueueOptions, 'clock' | 'log' | 'counted' | 'onHeldBack'> {
  /** Base URL of the collector; the path of traces is added. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `service.name`, `service.version`, … */
  readonly resource: Readonly<Record<string, string>>;
}

type ReadableSpan = Parameters<OTLPTraceExporter['export']>[0][number];
/** Who says it: the same for all spans of a process. */
type Origin = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>;

const TIMEOUT = 5_000;
/** Numbers of the API's enumeration, which is not worth a dependency. */
const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};
const [UNSET, ERROR] = [0, 2];
const SAMPLED = 1;
/** `ExportResult.code` of one that was taken. */
const TAKEN = 0;

/** Spans to an OpenTelemetry collector, by OTLP over HTTP in JSON. Encoding and retries are OpenTelemetry's. */
export function openOtlpSpans({ endpoint, headers, resource, ...rest }: OtlpSpansOptions): SpanQueue {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: TIMEOUT });
  const origin: Origin = {
    resource: resourceFromAttributes(resource),
    instrumentationScope: { name: 'holdfast', version: resource['service.version'] ?? '' },
  };
  return new SpanQueue({
    ...rest,
    send: (batch) =>
      new Promise((resolve, reject) => {
        const spans = batch.map((span) => readable(span, origin));
        exporter.export(spans, ({ code, error }) => {
          if (code === TAKEN) resolve();
          else reject(error ?? new Error('the collector did not take it'));
        });
      }),
    end: () => exporter.shutdown(),
  });
}

function readable(span: Span, { resource, instrumentationScope }: Origin): ReadableSpan {
  const { traceId, spanId, parentId, name, kind, start, end, node, attributes, error } = span;
  return {
    resource,
    instrumentationScope,
    name,
    kind: KINDS[kind],
    spanContext: () => ({ traceId, spanId, traceFlags: SAMPLED }),
    parentSpanContext: parentId === '' ? undefined : { traceId, spanId: parentId, traceFlags: SAMPLED },
    startTime: hrTime(start),
    endTime: hrTime(end),
    duration: hrTime(end - start),
    status: error === '' ? { code: UNSET } : { code: ERROR, message: error },
    attributes: node < 0 ? attributes : Object.assign({ 'holdfast.node': node }, attributes),
    links: [],
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function hrTime(milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
