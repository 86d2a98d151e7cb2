import { RECORD_METHODS } from '../ports/backend-method.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import { recordAttributes, UPSTREAM, upstreamSpanId } from './record-attributes.ts';
import { type Tracer, traceparentIn } from './tracer.ts';

const SERVICE = 'holdfast.v1.BackendService';

/** A call of the backend on its way. */
export interface CallSpan {
  /** What the backend is told. */
  readonly traceparent: string;
  /** @param code of Connect; empty when the backend answered */
  ended(end: number, code: string): void;
}

/**
 * What an API node does with one record: from reading it until its answer was carried out (`consumer`), with each call
 * of the backend in it (`client`).
 */
export class RecordSpan {
  private readonly tracer: Tracer;
  private readonly record: UpstreamRecord;
  private readonly start: number;
  private readonly spanId: string;
  private readonly isSampled: boolean;

  constructor(tracer: Tracer, record: UpstreamRecord, start: number) {
    this.tracer = tracer;
    this.record = record;
    this.start = start;
    this.isSampled = tracer.samples(record.traceId);
    // Nobody will ever see the id of one that is not sampled.
    this.spanId = this.isSampled ? tracer.newSpanId() : upstreamSpanId(record.traceId);
  }

  /** For what the answer leads to. */
  get traceparent(): string {
    const { spanId, isSampled } = this;
    return traceparentIn({ traceId: this.record.traceId, spanId, isSampled });
  }

  call(start: number): CallSpan {
    const { tracer, record, isSampled } = this;
    const { traceId, kind } = record;
    const method = RECORD_METHODS[kind];
    const spanId = tracer.newSpanId();
    return {
      traceparent: traceparentIn({ traceId, spanId, isSampled }),
      ended: (end, code) => {
        if (!isSampled) return;
        const rpc = { 'rpc.system': 'connect_rpc', 'rpc.service': SERVICE, 'rpc.method': method };
        tracer.end({
          traceId,
          spanId,
          parentId: this.spanId,
          name: `${SERVICE}/${method}`,
          kind: 'client',
          start,
          end,
          attributes: code === '' ? rpc : { ...rpc, 'rpc.connect_rpc.error_code': code },
          error: code,
        });
      },
    };
  }

  /** The record is done with. */
  ended(end: number, error = ''): void {
    if (!this.isSampled) return;
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
      attributes: { ...tracer.messaging('process', UPSTREAM, messageId), ...recordAttributes(record) },
      error,
    });
  }
}
