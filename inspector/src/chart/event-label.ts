import type { ArrowChart } from '../../../src/runtime/ports/census.ts';

/** What stands on an arrow: the event's name, `after <delay>` for a timer, the guard in brackets. */
export function eventLabel({ event, guard, id }: ArrowChart): string {
  const name = eventName(event);
  if (guard !== undefined) return name === '' ? `[${guard}]` : `${name} [${guard}]`;
  if (name !== '') return name;
  return id.endsWith('|0') ? 'always' : 'else';
}

/** A timer as XState writes it: `pingTimeout@open.heartbeat.unanswered` is `after pingTimeout`. */
export function eventName(event: string): string {
  const at = event.indexOf('@');
  return at < 0 ? event : `after ${event.slice(0, at)}`;
}
