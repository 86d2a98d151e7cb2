/**
 * Where finished spans go (OpenTelemetry). `add` never blocks and never throws: what cannot be taken is dropped and
 * counted.
 */
export interface SpanSink {
  add(span: Span): void;
  /** Sends what is there, if it is taken within `deadline` ms; the rest is dropped. */
  close(deadline: number): Promise<void>;
}

/** In OpenTelemetry's words. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  /** Number of the node where it happened; -1 where there is none. */
  readonly node: number;
  readonly attributes: SpanAttributes;
  /** What went wrong; empty when nothing did. */
  readonly error: string;
}
