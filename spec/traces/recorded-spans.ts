import type { Span } from '../../src/runtime/ports/span-sink.ts';
import { Tracer } from '../../src/runtime/trace/tracer.ts';

/** A tracer whose spans can be looked at. */
export interface RecordedSpans {
  readonly tracer: Tracer;
  readonly spans: readonly Span[];
}

/** Ids are `01…`, `02…`, in the order in which they are made. */
export function recordSpans(sample = 1, node = 4): RecordedSpans {
  const spans: Span[] = [];
  let made = 0;
  const random = { bytes: (size: number) => new Uint8Array(size).fill(++made) };
  const sink = { add: (span: Span) => void spans.push(span), close: async () => {} };
  return { spans, tracer: new Tracer({ sink, random, sample, system: 'kafka' }, node) };
}
