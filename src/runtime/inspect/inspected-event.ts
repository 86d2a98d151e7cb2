import type { Frame } from '../film/film.ts';
import type { InspectedEvent } from '../ports/inspector.ts';

/** A step as a film shows it → as the list of events shows it; null for everything else, and for what did nothing. */
export function inspectedEvent(frame: Frame, time: number): InspectedEvent | null {
  if (frame.kind !== 'event') return null;
  const { machine, event, from, to, effects, timers } = frame;
  const steps = effects.length + timers.armed.length + timers.cancelled.length;
  if (from === to && steps === 0) return null;
  return { time, machine, event, from, to, effects: effects.map(({ name }) => name) };
}
