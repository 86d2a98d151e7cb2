import type { Trail } from '../trail.ts';
import { EntrySpan } from './entry-span.ts';
import { DOWNSTREAM } from './record-attributes.ts';
import type { Tracer } from './tracer.ts';

type Headers = Readonly<Record<string, string>>;

/** A record that others produced to `ws.downstream`: from reading it until it was posted or given up (`consumer`). */
export class InletSpan {
  private readonly tracer: Tracer;
  private readonly entry: EntrySpan;
  private readonly messageId: string | undefined;

  private constructor(tracer: Tracer, entry: EntrySpan, messageId: string | undefined) {
    this.tracer = tracer;
    this.entry = entry;
    this.messageId = messageId;
  }

  /** In the trace of `traceparent`, or else of `X-Trace-ID`, which says nothing of sampling. Null for what is not sampled. */
  static of(tracer: Tracer, headers: Headers, start: number): InletSpan | null {
    const parent = tracer.received(headers.traceparent ?? '', headers['X-Trace-ID']);
    const entry = EntrySpan.of(tracer, parent, start);
    return entry === null ? null : new InletSpan(tracer, entry, headers['X-Message-ID']);
  }

  get trail(): Trail {
    return this.entry.trail;
  }

  /** @param error empty when it was posted */
  ended(end: number, error: string): void {
    const { tracer, entry, messageId } = this;
    const attributes = tracer.messaging('process', DOWNSTREAM, messageId, {});
    entry.ended(end, `process ${DOWNSTREAM}`, 'consumer', attributes, error);
  }
}
