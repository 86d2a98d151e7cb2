import type { Letter } from '../delivery/letter.ts';
import type { SpanAttributes } from '../ports/span-sink.ts';
import type { Trail } from '../trail.ts';

/** The trail of a letter that does something to clients. */
export function trailOf(letter: Letter): Trail | undefined {
  if (letter.kind === 'command') return letter.command.trail;
  return letter.kind === 'acknowledge' ? letter.trail : undefined;
}

/** The same letter, further on its way. */
export function withTrail(letter: Letter, trail: Trail): Letter {
  if (letter.kind === 'acknowledge') return Object.assign({}, letter, { trail });
  if (letter.kind !== 'command') return letter;
  return Object.assign({}, letter, { command: Object.assign({}, letter.command, { trail }) });
}

/** `messaging.message.id` of a letter; acknowledgements have none. */
export function messageIdOf(letter: Letter): string | undefined {
  return letter.kind === 'command' ? letter.id : undefined;
}

/** What spans about a letter say of it. No body, no names of rooms. */
export function letterAttributes(letter: Letter): SpanAttributes {
  if (letter.kind !== 'command') return { 'holdfast.command': letter.kind };
  const { command } = letter;
  if (command.kind !== 'emit') return { 'holdfast.command': command.kind };
  return { 'holdfast.command': command.kind, 'holdfast.event': command.event };
}
