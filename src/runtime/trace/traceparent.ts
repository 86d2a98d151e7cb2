/** Where in a trace something happens: what a `traceparent` (W3C Trace Context) says. */
export interface TraceContext {
  readonly traceId: string;
  /** Empty where nothing has happened yet. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Ids of zeros name nothing, and version `ff` is none. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;
const TRACE_ID = /^(?!0{32})[\da-f]{32}$/;

/** Whether a stranger's text is one. */
export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text);
}

export function isTraceId(text: string): boolean {
  return TRACE_ID.test(text);
}

/** Null for what is no `traceparent`. */
export function parseTraceparent(text: string): TraceContext | null {
  const match = TRACEPARENT.exec(text);
  if (match === null) return null;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
