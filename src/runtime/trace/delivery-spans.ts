import type { AcknowledgeLetter, CommandLetter } from '../delivery/letter.ts';
import { letterAttributes, messageIdOf, trailOf } from './letter-attributes.ts';
import { MAILBOX } from './record-attributes.ts';
import { parseTraceparent, type TraceContext } from './traceparent.ts';
import type { Tracer } from './tracer.ts';

type Obeyed = AcknowledgeLetter | CommandLetter;

interface Delivered {
  readonly parent: TraceContext;
  readonly letter: Obeyed;
  readonly received: number;
}

/** What this node does with letters, from reading them: one `consumer` span for each. */
export class DeliverySpans {
  private readonly tracer: Tracer;
  /** Read in this tick, and not written to clients yet. */
  private waiting: Delivered[] = [];

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  /** Something is to be written for it. */
  took(letter: Obeyed, received: number): void {
    const parent = parentOf(letter);
    if (parent !== null) this.waiting.push({ parent, letter, received });
  }

  /** All of it was handed to the transports. */
  written(end: number): void {
    if (this.waiting.length === 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const { parent, letter, received } of waiting) this.ended(parent, letter, received, end);
  }

  /** It was done at once: sockets have joined, left or gone. */
  carriedOut(letter: CommandLetter, received: number, end: number): void {
    const parent = parentOf(letter);
    if (parent !== null) this.ended(parent, letter, received, end);
  }

  private ended(
    { traceId, spanId: parentId }: TraceContext,
    letter: Obeyed,
    start: number,
    end: number,
  ): void {
    const { tracer } = this;
    tracer.end({
      traceId,
      spanId: tracer.newSpanId(),
      parentId,
      name: `process ${MAILBOX}`,
      kind: 'consumer',
      start,
      end,
      attributes: tracer.messaging('process', MAILBOX, messageIdOf(letter), letterAttributes(letter)),
      error: '',
    });
  }
}

/** Null for what is not sampled. */
function parentOf(letter: Obeyed): TraceContext | null {
  const parent = parseTraceparent(trailOf(letter)?.traceparent ?? '');
  return parent?.isSampled ? parent : null;
}
