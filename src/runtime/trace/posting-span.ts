import type { Letter } from '../delivery/letter.ts';
import type { Clock } from '../ports/clock.ts';
import type { Trail } from '../trail.ts';
import { MAILBOX } from './record-attributes.ts';
import { contextOf, type Tracer, traceparentIn } from './tracer.ts';

/** A letter on its way to mailboxes, in a trace. */
export interface PostingSpan {
  /** The letter, with this span in its trail. */
  readonly letter: Letter;
  /** Ends with `posted`, which it returns. */
  until(posted: void | Promise<void>, clock: Pick<Clock, 'wallNow'>): void | Promise<void>;
}

/** The trail of a letter that makes something be written to clients. */
export function trailOf(letter: Letter): Trail | undefined {
  if (letter.kind === 'command') return letter.command.trail;
  return letter.kind === 'acknowledge' ? letter.trail : undefined;
}

/** From the backend's answer, or the push, until nodes' mailboxes have it (`producer`). Null for what is not traced. */
export function postingSpan(tracer: Tracer, letter: Letter, nodes: number): PostingSpan | null {
  const trail = trailOf(letter);
  const parent = trail === undefined ? null : contextOf(trail.traceparent);
  if (trail === undefined || parent === null || !parent.isSampled) return null;
  const { traceId } = parent;
  const spanId = tracer.newSpanId();
  const next: Trail = { ...trail, traceparent: traceparentIn({ traceId, spanId, isSampled: true }) };
  const { name, attributes } = about(letter);
  const ended = (end: number, error = '') =>
    tracer.end({
      traceId,
      spanId,
      parentId: parent.spanId,
      name: `send ${MAILBOX}`,
      kind: 'producer',
      start: trail.times.at(-1)!,
      end,
      attributes: {
        ...tracer.messaging('send', MAILBOX, letter.kind === 'command' ? letter.id : undefined),
        ...attributes,
        'holdfast.command': name,
        'messaging.batch.message_count': nodes,
      },
      error,
    });
  return {
    letter: withTrail(letter, next),
    until: (posted, clock) => {
      if (posted instanceof Promise)
        posted.then(
          () => ended(clock.wallNow()),
          (error: Error) => ended(clock.wallNow(), error.message),
        );
      else ended(clock.wallNow());
      return posted;
    },
  };
}
/** What spans about a letter say of it. */
export function about(letter: Letter): { name: string; attributes: Readonly<Record<string, string>> } {
  if (letter.kind !== 'command') return { name: letter.kind, attributes: {} };
  const { command } = letter;
  return {
    name: command.kind,
    attributes: command.kind === 'emit' ? { 'holdfast.event': command.event } : {},
  };
}

function withTrail(letter: Letter, trail: Trail): Letter {
  if (letter.kind === 'acknowledge') return { ...letter, trail };
  return letter.kind === 'command' ? { ...letter, command: { ...letter.command, trail } } : letter;
}
