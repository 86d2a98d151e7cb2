import type { PushMethod } from '../ports/push-method.ts';
import type { Trail } from '../trail.ts';
import { type TraceContext, type Tracer, traceparentIn } from './tracer.ts';

const SERVICE = 'holdfast.v1.PushService';

/** A request of the push API (`server`). */
export class PushSpan {
  /** For what it makes be sent. */
  readonly trail: Trail;
  private readonly tracer: Tracer;
  private readonly method: PushMethod;
  private readonly parent: TraceContext;
  private readonly spanId: string;
  private readonly start: number;

  constructor(tracer: Tracer, method: PushMethod, traceparent: string, start: number) {
    this.tracer = tracer;
    this.method = method;
    this.parent = tracer.received(traceparent);
    this.spanId = tracer.newSpanId();
    this.start = start;
    const { traceId, isSampled } = this.parent;
    this.trail = {
      traceparent: traceparentIn({ traceId, spanId: this.spanId, isSampled }),
      times: [0, 0, 0, 0, start],
    };
  }

  /** @param code of Connect; empty when it was done */
  ended(end: number, token: string, code: string): void {
    const { tracer, method, parent, spanId, start } = this;
    if (!parent.isSampled) return;
    tracer.end({
      traceId: parent.traceId,
      spanId,
      parentId: parent.spanId,
      name: `${SERVICE}/${method}`,
      kind: 'server',
      start,
      end,
      attributes: {
        'rpc.system': 'connect_rpc',
        'rpc.service': SERVICE,
        'rpc.method': method,
        ...(token === '' ? {} : { 'holdfast.pushed_by': token }),
        ...(code === '' ? {} : { 'rpc.connect_rpc.error_code': code }),
      },
      error: code,
    });
  }
}
