import type { RpcSystem } from '../ports/backend.ts';
import { RECORD_METHODS } from '../ports/backend-method.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import { type CallSpan, callSpan } from './call-span.ts';
import { recordAttributes, UPSTREAM, upstreamSpanId } from './record-attributes.ts';
import { formatTraceparent } from './traceparent.ts';
import type { Tracer } from './tracer.ts';

/**
 * What an API node does with one record: from reading it until its answer was carried out (`consumer`), with each call
 * of the backend in it (`client`).
 */
export class RecordSpan {
  private readonly tracer: Tracer;
  private readonly record: UpstreamRecord;
  private readonly start: number;
  private readonly spanId: string;

  private constructor(tracer: Tracer, record: UpstreamRecord, start: number) {
    this.tracer = tracer;
    this.record = record;
    this.start = start;
    this.spanId = tracer.newSpanId();
  }

  /** Null for a record whose trace is not sampled. */
  static of(tracer: Tracer, record: UpstreamRecord, start: number): RecordSpan | null {
    return tracer.samples(record.traceId) ? new RecordSpan(tracer, record, start) : null;
  }

  /** For what the answer leads to. */
  get traceparent(): string {
    return formatTraceparent({ traceId: this.record.traceId, spanId: this.spanId, isSampled: true });
  }

  call(start: number, system: RpcSystem): CallSpan {
    const { tracer, record, spanId: parentId } = this;
    const { traceId, kind } = record;
    return callSpan(tracer, { traceId, parentId, method: RECORD_METHODS[kind], system, start });
  }

  /** The record is done with. */
  ended(end: number, error = ''): void {
    const { tracer, record, start, spanId } = this;
    const { traceId, messageId } = record;
    tracer.end({
      traceId,
      spanId,
      parentId: upstreamSpanId(traceId),
      name: `process ${UPSTREAM}`,
      kind: 'consumer',
      start,
      end,
      attributes: tracer.messaging('process', UPSTREAM, messageId, recordAttributes(record)),
      error,
    });
  }
}
