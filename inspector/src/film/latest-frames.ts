import type { Film } from '../../../src/runtime/film/film.ts';
import { standingsAfter } from './playback.ts';

/** The film from its last `most` frames on, with what its machines were before the first of them. */
export function latestFrames(film: Film, most: number): Film {
  const dropped = film.frames.length - most;
  if (dropped <= 0) return film;
  const { at } = film.frames[dropped - 1]!;
  const machines = standingsAfter(film, dropped).map(({ machine, actor, state, timers }) => ({
    machine,
    actor,
    state,
    timers: timers.map(({ name, due }) => ({ name, ms: Math.max(0, due - at) })),
  }));
  return {
    ...film,
    start: { ...film.start, at, dropped: film.start.dropped + dropped, machines },
    frames: film.frames.slice(dropped),
  };
}
