import { batch, computed, effect, signal } from '@preact/signals';
import type { Film, Frame } from '../../../src/runtime/film/film.ts';
import { type AdminError, ask } from '../admin/admin-client.ts';
import { machines, serverNow } from '../admin/census.ts';
import { follow } from '../admin/event-stream.ts';
import { latestFrames } from './latest-frames.ts';
import { lengthOf, sceneOf } from './playback.ts';
import { NO_SCENE, scene } from './scene.ts';

export const film = signal<Film | null>(null);
/** Dropped on the page, or of a connection that is being filmed. */
export const isFile = signal(false);
/** Frames that have gone by at the moment shown. */
export const cursor = signal(0);
/** Always shows the newest. */
export const isFollowing = signal(false);
export const isPlaying = signal(false);
/** The connection is over, or the film is a file: nothing more will come. */
export const isOver = signal(false);
export const filmTrouble = signal('');
/** Ticks while timers count down. */
const tick = signal(0);

/** The longest pause that is waited for when a film is played, ms. */
const LONGEST_PAUSE = 1500;
const TICK = 100;
/** Frames kept of a film that goes on, unless the node keeps more; the oldest go, so many at once. */
const MOST = 3_000;
const SPARE = 300;

export const isAtEnd = computed(() => film.value !== null && cursor.value >= film.value.frames.length);

/** Films a connection until the returned function is called. */
export function filmLive(id: string): () => void {
  batch(() => {
    film.value = null;
    isFile.value = false;
    isOver.value = false;
    filmTrouble.value = '';
    cursor.value = 0;
    isFollowing.value = true;
    isPlaying.value = false;
  });
  let waiting: Frame[] = [];
  let isCurrent = true;
  let most = MOST;
  const fetchFilm = async (): Promise<void> => {
    try {
      const found = await ask<Film>(`${root(id)}/film`);
      if (!isCurrent) return;
      const last = found.frames.at(-1)?.n ?? -1;
      most = Math.max(MOST, found.frames.length);
      const frames = [...found.frames, ...waiting.filter(({ n }) => n > last)];
      waiting = [];
      batch(() => {
        film.value = { ...found, frames };
        if (isFollowing.value) cursor.value = frames.length;
        else cursor.value = Math.min(cursor.value, frames.length);
      });
    } catch (error) {
      if (isCurrent) filmTrouble.value = `No film: ${(error as AdminError).message}.`;
    }
  };
  const add = (frame: Frame): void => {
    const known = film.value;
    if (known === null) {
      waiting.push(frame);
      return;
    }
    if (frame.n <= (known.frames.at(-1)?.n ?? -1)) return;
    const all = { ...known, frames: [...known.frames, frame] };
    const kept = all.frames.length > most + SPARE ? latestFrames(all, most) : all;
    const dropped = all.frames.length - kept.frames.length;
    batch(() => {
      film.value = kept;
      cursor.value = isFollowing.value ? kept.frames.length : Math.max(0, cursor.value - dropped);
    });
  };
  const stop = follow(
    `${root(id)}/events`,
    {},
    {
      receive: ({ name, data }) => {
        if (name === 'closed') {
          isOver.value = true;
          stop();
        } else if (name === 'frame') add(data as Frame);
        else if ((data as { frame?: Frame }).frame) add((data as { frame: Frame }).frame);
      },
      live: () => {},
      failed: (error) => {
        isOver.value = true;
        // It may be over: its film is kept for a while.
        if (film.value === null && error.status === 404) fetchFilm();
        else if (film.value === null) filmTrouble.value = `No film: ${error.message}.`;
      },
      opened: fetchFilm,
    },
  );
  return () => {
    isCurrent = false;
    stop();
    close();
  };
}

export function playFile(found: Film): void {
  batch(() => {
    film.value = found;
    isFile.value = true;
    isOver.value = true;
    isFollowing.value = false;
    isPlaying.value = false;
    filmTrouble.value = '';
    cursor.value = 0;
  });
}

export function close(): void {
  batch(() => {
    film.value = null;
    isFile.value = false;
    isPlaying.value = false;
    filmTrouble.value = '';
  });
}

/** Shows the moment at which `passed` frames have gone by, and stays there. */
export function seek(passed: number): void {
  batch(() => {
    isFollowing.value = false;
    isPlaying.value = false;
    cursor.value = Math.min(Math.max(0, passed), film.value?.frames.length ?? 0);
  });
}

export function goLive(): void {
  batch(() => {
    isPlaying.value = false;
    isFollowing.value = true;
    cursor.value = film.value?.frames.length ?? 0;
  });
}

export function togglePlay(): void {
  batch(() => {
    if (isFollowing.value) isFollowing.value = false;
    else if (isPlaying.value) isPlaying.value = false;
    else {
      if (isAtEnd.value) cursor.value = 0;
      isPlaying.value = true;
    }
  });
}

/** Moves on by the film's own pauses, lets timers count down, and lights the charts. */
export function runPlayer(): void {
  effect(() => {
    if (!isPlaying.value) return;
    const shown = film.value;
    const next = shown?.frames[cursor.value];
    if (shown === null || next === undefined) {
      isPlaying.value = false;
      return;
    }
    const before = shown.frames[cursor.value - 1]?.at ?? shown.start.at;
    const timer = setTimeout(
      () => {
        cursor.value++;
      },
      Math.min(next.at - before, LONGEST_PAUSE),
    );
    return () => clearTimeout(timer);
  });
  effect(() => {
    if (!isFollowing.value || isOver.value || film.value === null) return;
    const timer = setInterval(() => {
      tick.value++;
    }, TICK);
    return () => clearInterval(timer);
  });
  effect(() => {
    const shown = film.value;
    if (shown === null) {
      scene.value = NO_SCENE;
      return;
    }
    void tick.value;
    scene.value = sceneOf(shown, cursor.value, momentOf(shown), machines.value);
  });
}

/** Ms after the film's start of the moment shown. */
function momentOf(shown: Film): number {
  const last = shown.frames[cursor.value - 1]?.at ?? shown.start.at;
  if (!isFollowing.value || isOver.value) return last;
  return Math.max(lengthOf(shown), serverNow() - shown.start.time);
}

function root(id: string): string {
  return `/inspect/connections/${id}`;
}
