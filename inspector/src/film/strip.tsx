import type { Film } from '../../../src/runtime/film/film.ts';
import { duration } from '../admin/durations.ts';
import { kindOf } from './film-panel.tsx';
import { headline, lengthOf } from './playback.ts';

const LANES = ['connection', 'socket', 'in', 'out'] as const;
const LANE = 13;
const WIDTH = 1000;

export interface StripProps {
  readonly film: Film;
  readonly passed: number;
  readonly onSeek: (passed: number) => void;
}

/** The whole film by time, a lane for each kind of frame. */
export function Strip({ film, passed, onSeek }: StripProps) {
  const start = film.frames[0]?.at ?? film.start.at;
  const length = Math.max(1, lengthOf(film) - start);
  const x = (at: number): number => 4 + ((at - start) / length) * (WIDTH - 8);
  const now = film.frames[passed - 1]?.at ?? start;
  return (
    <div class="strip">
      <svg viewBox={`0 0 ${WIDTH} ${LANES.length * LANE}`} preserveAspectRatio="none" aria-hidden="true">
        {film.frames.map((frame, i) => {
          const lane = LANES.indexOf(kindOf(frame) as (typeof LANES)[number]);
          const [y, height] = lane < 0 ? [0, LANES.length * LANE] : [lane * LANE + 2, LANE - 4];
          const kind = `${kindOf(frame)}${i >= passed ? ' ahead' : ''}`;
          return (
            <line
              key={frame.n}
              class={`tick ${kind}`}
              x1={x(frame.at)}
              x2={x(frame.at)}
              y1={y}
              y2={y + height}
            />
          );
        })}
        <line class="playhead" x1={x(now)} x2={x(now)} y1={0} y2={LANES.length * LANE} />
      </svg>
      <input
        type="range"
        min={0}
        max={film.frames.length}
        value={passed}
        aria-label="Place in the film"
        aria-valuetext={passed === 0 ? 'start' : headline(film.frames[passed - 1]!)}
        onInput={({ currentTarget }) => onSeek(Number(currentTarget.value))}
        onPointerDown={(event) => {
          // The strip is by time, a range by number: the pointer means the time.
          event.preventDefault();
          event.currentTarget.focus();
          const { left, width } = event.currentTarget.getBoundingClientRect();
          const seek = ({ clientX }: PointerEvent): void => {
            const at = start + ((clientX - left) / width) * length;
            onSeek(film.frames.filter((frame) => frame.at <= at).length);
          };
          seek(event);
          const stop = (): void => removeEventListener('pointermove', seek);
          addEventListener('pointermove', seek);
          addEventListener('pointerup', stop, { once: true });
        }}
      />
      <span class="span">{duration(length)}</span>
    </div>
  );
}
