import type { Random } from '../ports/random.ts';
import type { Span, SpanAttributes, SpanSink } from '../ports/span-sink.ts';
import { isTraceId, parseTraceparent, type TraceContext } from './traceparent.ts';

export interface TracerOptions {
  readonly sink: SpanSink;
  readonly random: Pick<Random, 'bytes'>;
  /** Share of the traces that begin here, 0 to 1. */
  readonly sample: number;
  /** `messaging.system` of the log and the mailboxes. */
  readonly system: string;
}

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

  /** Decides by the id, so that all nodes with the same `tracing.sample` agree without a word. What is no id never is. */
  samples(traceId: string): boolean {
    return !this.isSilent && fraction(traceId) < this.options.sample && isTraceId(traceId);
  }

  /**
   * What somebody hands in: a `traceparent`'s word on sampling counts. Without a valid one the trace begins here, under the
   * id that it was given, if it is one.
   */
  received(traceparent: string, traceId = ''): TraceContext {
    const given = parseTraceparent(traceparent);
    if (given !== null) return given;
    const begun = isTraceId(traceId) ? traceId : this.id(16);
    return { traceId: begun, spanId: '', isSampled: this.samples(begun) };
  }

  newSpanId(): string {
    return this.id(8);
  }

  /** Attributes of a span about a message on the log or in a mailbox, by OpenTelemetry's conventions, and `more`. */
  messaging(
    operation: 'send' | 'process',
    destination: string,
    messageId: string | undefined,
    more: SpanAttributes,
  ): SpanAttributes {
    const attributes: Record<string, string | number> = {
      'messaging.system': this.options.system,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': destination,
    };
    if (messageId !== undefined) attributes['messaging.message.id'] = messageId;
    return Object.assign(attributes, more);
  }

  end({ traceId, spanId, parentId, name, kind, start, end, attributes, error }: Omit<Span, 'node'>): void {
    this.options.sink.add({
      traceId,
      spanId,
      parentId,
      name,
      kind,
      start,
      // Clocks of two nodes may differ, and one may be set back.
      end: Math.max(start, end),
      node: this.node,
      attributes,
      error,
    });
  }

  private id(bytes: number): string {
    return Buffer.from(this.options.random.bytes(bytes)).toString('hex');
  }
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
