import type { SpanAttributes, SpanKind } from '../ports/span-sink.ts';
import type { Trail } from '../trail.ts';
import { formatTraceparent, type TraceContext } from './traceparent.ts';
import type { Tracer } from './tracer.ts';

/** What somebody outside hands in: in a trace of theirs, or in one that begins with it. */
export class EntrySpan {
  /** For what it makes be sent. */
  readonly trail: Trail;
  private readonly tracer: Tracer;
  private readonly parent: TraceContext;
  private readonly spanId: string;
  private readonly start: number;

  private constructor(tracer: Tracer, parent: TraceContext, start: number) {
    this.tracer = tracer;
    this.parent = parent;
    this.start = start;
    this.spanId = tracer.newSpanId();
    const { traceId } = parent;
    const traceparent = formatTraceparent({ traceId, spanId: this.spanId, isSampled: true });
    this.trail = { traceparent, times: [0, 0, 0, 0, start] };
  }

  /** Null for what is not sampled. */
  static of(tracer: Tracer, parent: TraceContext, start: number): EntrySpan | null {
    return parent.isSampled ? new EntrySpan(tracer, parent, start) : null;
  }

  /** @param error empty when it was done */
  ended(end: number, name: string, kind: SpanKind, attributes: SpanAttributes, error: string): void {
    const { tracer, parent, spanId, start } = this;
    const { traceId, spanId: parentId } = parent;
    tracer.end({ traceId, spanId, parentId, name, kind, start, end, attributes, error });
  }
}
