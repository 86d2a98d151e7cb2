import type { AcknowledgeLetter, CommandLetter } from '../delivery/letter.ts';
import { about, trailOf } from './posting-span.ts';
import { MAILBOX } from './record-attributes.ts';
import { contextOf, type TraceContext, type Tracer } from './tracer.ts';

interface Delivered {
  readonly parent: TraceContext;
  readonly letter: AcknowledgeLetter | CommandLetter;
  readonly received: number;
}

/** What was read from the mailbox in this tick and is not written to clients yet: one `consumer` span for each letter. */
export class DeliverySpans {
  private readonly tracer: Tracer;
  private waiting: Delivered[] = [];

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  took(letter: AcknowledgeLetter | CommandLetter, received: number): void {
    const parent = contextOf(trailOf(letter)?.traceparent ?? '');
    if (parent?.isSampled) this.waiting.push({ parent, letter, received });
  }

  /** All of it was handed to the transports. */
  written(end: number): void {
    if (this.waiting.length === 0) return;
    const { tracer, waiting } = this;
    this.waiting = [];
    for (const { parent, letter, received } of waiting) {
      const { name, attributes } = about(letter);
      tracer.end({
        traceId: parent.traceId,
        spanId: tracer.newSpanId(),
        parentId: parent.spanId,
        name: `process ${MAILBOX}`,
        kind: 'consumer',
        start: received,
        end,
        attributes: {
          ...tracer.messaging('process', MAILBOX, letter.kind === 'command' ? letter.id : undefined),
          ...attributes,
          'holdfast.command': name,
        },
        error: '',
      });
    }
  }
}
