import type { Letter } from '../delivery/letter.ts';
import type { Clock } from '../ports/clock.ts';
import { letterAttributes, messageIdOf, trailOf, withTrail } from './letter-attributes.ts';
import { MAILBOX } from './record-attributes.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import type { Tracer } from './tracer.ts';

/**
 * Posts a letter, within a span (`producer`) if it belongs to a trace that is sampled: from the backend's answer, or the
 * push, until the mailboxes of all `nodes` have it. The letter then goes with this span in its trail.
 */
export function postTraced(
  tracer: Tracer,
  letter: Letter,
  nodes: number,
  clock: Pick<Clock, 'wallNow'>,
  post: (letter: Letter) => void | Promise<void>,
): void | Promise<void> {
  const trail = trailOf(letter);
  const parent = trail === undefined ? null : parseTraceparent(trail.traceparent);
  if (trail === undefined || parent === null || !parent.isSampled) return post(letter);
  const { traceId, spanId: parentId } = parent;
  const spanId = tracer.newSpanId();
  const ended = (error: string) =>
    tracer.end({
      traceId,
      spanId,
      parentId,
      name: `send ${MAILBOX}`,
      kind: 'producer',
      start: trail.times.at(-1) ?? clock.wallNow(),
      end: clock.wallNow(),
      attributes: tracer.messaging(
        'send',
        MAILBOX,
        messageIdOf(letter),
        Object.assign({ 'holdfast.nodes': nodes }, letterAttributes(letter)),
      ),
      error,
    });
  const traceparent = formatTraceparent({ traceId, spanId, isSampled: true });
  try {
    const posted = post(withTrail(letter, { traceparent, times: trail.times }));
    if (posted instanceof Promise)
      posted.then(
        () => ended(''),
        (error: unknown) => ended(messageOf(error)),
      );
    else ended('');
    return posted;
  } catch (error) {
    ended(messageOf(error));
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
