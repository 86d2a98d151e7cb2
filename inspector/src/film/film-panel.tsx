import { useEffect, useRef } from 'preact/hooks';
import type { Film, Frame } from '../../../src/runtime/film/film.ts';
import { bytes, clock, duration } from '../admin/durations.ts';
import { eventName } from '../chart/event-label.ts';
import * as player from './film-player.ts';
import { gapBefore, headline, standingsAfter } from './playback.ts';
import { Strip } from './strip.tsx';

/** Frames drawn on each side of the one that is shown. */
const AROUND = 150;

/** A film with its controls, its strip and its frames. */
export function FilmPanel() {
  const film = player.film.value;
  if (film === null) {
    return <p class="note">{player.filmTrouble.value || 'Opening the film…'}</p>;
  }
  return (
    <section class="film" aria-label="Film">
      <Controls film={film} />
      <Strip film={film} passed={player.cursor.value} onSeek={player.seek} />
      <Standings film={film} />
      <Frames film={film} />
    </section>
  );
}

function Controls({ film }: { readonly film: Film }) {
  const moving = player.isFollowing.value || player.isPlaying.value;
  const passed = player.cursor.value;
  const moment = film.frames[passed - 1]?.at ?? film.start.at;
  return (
    <div class="controls">
      <div class="transport">
        <button type="button" aria-label="To the start" onClick={() => player.seek(0)}>
          <Icon d="M4 3v10M13 3 6.5 8 13 13z" />
        </button>
        <button type="button" aria-label="One step back" onClick={() => player.seek(passed - 1)}>
          <Icon d="M11 3 4.5 8 11 13z" />
        </button>
        <button type="button" class="main" aria-label={moving ? 'Pause' : 'Play'} onClick={player.togglePlay}>
          <Icon d={moving ? 'M5.5 3v10M10.5 3v10' : 'M5 3l7.5 5L5 13z'} />
        </button>
        <button type="button" aria-label="One step forward" onClick={() => player.seek(passed + 1)}>
          <Icon d="M5 3l6.5 5L5 13z" />
        </button>
        {!player.isFile.value && (
          <button
            type="button"
            class={player.isFollowing.value ? 'live on' : 'live'}
            aria-pressed={player.isFollowing.value}
            onClick={player.goLive}
          >
            {player.isOver.value ? 'End' : 'Live'}
          </button>
        )}
      </div>
      <output class="moment">
        {passed}/{film.frames.length} · {clock(film.start.time + moment)}
      </output>
      <button type="button" class="quiet" onClick={() => download(film)}>
        Download
      </button>
    </div>
  );
}

function Icon({ d }: { readonly d: string }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={d} />
    </svg>
  );
}

/** The states and timers of all machines of the film at the moment shown. */
function Standings({ film }: { readonly film: Film }) {
  const standings = standingsAfter(film, player.cursor.value);
  return (
    <dl class="standings">
      {standings.map(({ machine, actor, state }) => (
        <div key={machine + actor}>
          <dt>{machine}</dt>
          <dd>{state}</dd>
        </div>
      ))}
    </dl>
  );
}

function Frames({ film }: { readonly film: Film }) {
  const list = useRef<HTMLOListElement>(null);
  const passed = player.cursor.value;
  const first = Math.max(0, passed - AROUND);
  const shown = film.frames.slice(first, passed + AROUND);
  useEffect(() => {
    const current = list.current?.querySelector('[aria-current=true]');
    const box = list.current;
    if (!current || !box) return;
    const { top, bottom } = current.getBoundingClientRect();
    const frame = box.getBoundingClientRect();
    if (bottom > frame.bottom) box.scrollTop += bottom - frame.bottom + 4;
    else if (top < frame.top) box.scrollTop -= frame.top - top + 4;
  }, [passed, film]);

  function step(event: KeyboardEvent): void {
    const to = { ArrowDown: passed + 1, ArrowUp: passed - 1, Home: 0, End: film.frames.length }[event.key];
    if (event.key === ' ') player.togglePlay();
    else if (to !== undefined) player.seek(to);
    else return;
    event.preventDefault();
  }

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as a list box would be.
    <ol class="frames" ref={list} tabIndex={0} aria-label="Frames; arrow keys step" onKeyDown={step}>
      {film.start.dropped > 0 && first === 0 && (
        <li class="dropped">{film.start.dropped} earlier frames are not kept</li>
      )}
      {shown.map((frame, i) => {
        const index = first + i;
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys.
          <li
            key={frame.n}
            class={`frame ${kindOf(frame)}${index >= passed ? ' ahead' : ''}`}
            aria-current={index === passed - 1}
            onClick={() => player.seek(index + 1)}
          >
            <span class="gap">
              {index === 0 && film.start.dropped > 0 ? '' : `+${duration(gapBefore(film, index))}`}
            </span>
            <FrameLine frame={frame} />
          </li>
        );
      })}
    </ol>
  );
}

function FrameLine({ frame }: { readonly frame: Frame }) {
  if (frame.kind === 'packet') {
    return (
      <span class="what">
        <b>
          <span class="way">{frame.direction === 'in' ? '→' : '←'}</span> {frame.type}
        </b>
        <span class="size">{bytes(frame.size)}</span>
        {frame.body !== undefined && <code class="body">{frame.body.slice(0, 300)}</code>}
      </span>
    );
  }
  if (frame.kind !== 'event') {
    return (
      <span class="what">
        <b>{headline(frame)}</b>
      </span>
    );
  }
  const effects = frame.effects.map(({ name, params }) => name + parameters(params));
  return (
    <span class="what">
      <b>{eventName(frame.event)}</b>
      {frame.guards.map(({ name, answer }) => (
        <span key={name} class="guard">
          {name} {answer ? '✓' : '✗'}
        </span>
      ))}
      {frame.from !== frame.to && (
        <span class="move">
          {frame.from} → {frame.to}
        </span>
      )}
      {effects.length > 0 && <span class="effects">{effects.join(', ')}</span>}
      {frame.timers.armed.length > 0 && (
        <span class="armed">
          {frame.timers.armed
            .map(({ name, ms }) => `${name.split('@')[0]} ${ms === null ? '?' : duration(ms)}`)
            .join(', ')}
        </span>
      )}
    </span>
  );
}

function parameters(params: unknown): string {
  if (typeof params !== 'object' || params === null) return '';
  const values = Object.values(params).filter((value) => value !== null);
  return values.length > 0 ? ` (${values.join(', ')})` : '';
}

export function kindOf(frame: Frame): string {
  if (frame.kind === 'event') return frame.machine;
  if (frame.kind === 'packet') return frame.direction;
  return 'mark';
}

function download(film: Film): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(film)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `holdfast-${film.subject.id}.film.json`;
  link.click();
  URL.revokeObjectURL(url);
}
