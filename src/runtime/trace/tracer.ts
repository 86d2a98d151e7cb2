import type { Random } from '../ports/random.ts';
import type { Span, SpanSink } from '../ports/span-sink.ts';

export interface TracerOptions {
  readonly sink: SpanSink;
  readonly random: Pick<Random, 'bytes'>;
  /** Share of the traces that begin here, 0 to 1. */
  readonly sample: number;
  /** `messaging.system` of the log and the mailboxes. */
  readonly system: string;
}

/** Where in a trace something happens: what a `traceparent` says. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/**
 * Makes spans of times that were taken anyway, and decides which traces are worth it. There is none when tracing is off,
 * so that all it costs then is to ask whether there is one.
 */
export class Tracer {
  /** While true nothing is traced. For what happens before a node is ready. */
  isSilent = false;
  private readonly options: TracerOptions;
  private readonly node: number;

  constructor(options: TracerOptions, node = -1) {
    this.options = options;
    this.node = node;
  }

  /** The same, for what happens under this node number. */
  at(node: number): Tracer {
    return new Tracer(this.options, node);
  }

  /** Decides by the id, so that all nodes with the same `tracing.sample` agree without a word. */
  samples(traceId: string): boolean {
    return !this.isSilent && fraction(traceId) < this.options.sample;
  }

  /** A stranger's `traceparent`, whose word on sampling counts; or else a new trace without a parent. */
  received(traceparent: string): TraceContext {
    const given = contextOf(traceparent);
    if (given !== null) return given;
    const traceId = this.id(16);
    return { traceId, spanId: '', isSampled: this.samples(traceId) };
  }

  newSpanId(): string {
    return this.id(8);
  }

  /** Attributes of a span about a message on the log or in a mailbox, by OpenTelemetry's conventions. */
  messaging(operation: 'send' | 'process', destination: string, messageId: string | undefined) {
    return {
      'messaging.system': this.options.system,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': destination,
      ...(messageId === undefined ? {} : { 'messaging.message.id': messageId }),
    };
  }

  end(span: Span): void {
    const { attributes, end, start } = span;
    this.options.sink.add({
      ...span,
      // Clocks of two nodes may differ, and one may be set back.
      end: Math.max(start, end),
      attributes: this.node < 0 ? attributes : { ...attributes, 'holdfast.node': this.node },
    });
  }

  private id(bytes: number): string {
    return Buffer.from(this.options.random.bytes(bytes)).toString('hex');
  }
}

/** Null for what is no `traceparent`. */
export function contextOf(traceparent: string): TraceContext | null {
  const match = TRACEPARENT.exec(traceparent);
  if (match === null) return null;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function traceparentIn({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** Our trace ids count up, so they are mixed first (the finalizer of MurmurHash3). */
function fraction(traceId: string): number {
  let mixed =
    Number.parseInt(traceId.slice(16, 24), 16) ^
    Math.imul(Number.parseInt(traceId.slice(24), 16), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
