import type { ErrorCode } from '../errors/holdfast-error.ts';
import type { RpcSystem } from '../ports/backend.ts';
import type { BackendMethod } from '../ports/backend-method.ts';
import type { SpanAttributes } from '../ports/span-sink.ts';
import { rpcAttributes } from './rpc-attributes.ts';
import { formatTraceparent } from './traceparent.ts';
import type { Tracer } from './tracer.ts';

const SERVICE = 'holdfast.v1.BackendService';

/** A call of the backend on its way (`client`). */
export interface CallSpan {
  /** What the backend is told. */
  readonly traceparent: string;
  /** @param code empty when the backend answered */
  ended(end: number, code: ErrorCode | ''): void;
}

export interface Call {
  /** Of a trace that is sampled. */
  readonly traceId: string;
  /** Empty where the trace begins with the call. */
  readonly parentId: string;
  readonly method: BackendMethod;
  readonly system: RpcSystem;
  /** ms since 1970 */
  readonly start: number;
  /** What else the span says. */
  readonly more?: SpanAttributes;
}

export function callSpan(tracer: Tracer, call: Call): CallSpan {
  const { traceId, parentId, method, system, start, more } = call;
  const spanId = tracer.newSpanId();
  return {
    traceparent: formatTraceparent({ traceId, spanId, isSampled: true }),
    ended: (end, code) =>
      tracer.end({
        traceId,
        spanId,
        parentId,
        name: `${SERVICE}/${method}`,
        kind: 'client',
        start,
        end,
        attributes: Object.assign(rpcAttributes(system, SERVICE, method, code), more),
        error: code,
      }),
  };
}
