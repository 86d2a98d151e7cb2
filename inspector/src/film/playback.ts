import type { EventFrame, Film, Frame } from '../../../src/runtime/film/film.ts';
import type { ArrowChart, MachineChart, MachineName } from '../../../src/runtime/ports/census.ts';
import { activePaths } from '../chart/state-tree.ts';
import type { LitMachine, Scene } from './scene.ts';

/** A machine at some moment of a film. */
export interface Standing {
  readonly machine: 'connection' | 'socket';
  /** Public id of the connection or socket. */
  readonly actor: string;
  readonly state: string;
  /** `name` is `<delay>@<path>`; `due` counts ms from the film's start, `of` is the whole length. */
  readonly timers: readonly { readonly name: string; readonly due: number; readonly of: number }[];
}

/** What the machines of a film are once `passed` of its frames have gone by, in the order in which they began. */
export function standingsAfter(film: Film, passed: number): readonly Standing[] {
  const standings = new Map<string, Standing>();
  for (const { machine, actor, state, timers } of film.start.machines) {
    const running = timers.map(({ name, ms }) => ({ name, due: film.start.at + ms, of: ms }));
    standings.set(`${machine} ${actor}`, { machine, actor, state, timers: running });
  }
  for (const frame of film.frames.slice(0, passed)) {
    if (frame.kind !== 'event') continue;
    const key = `${frame.machine} ${frame.actor}`;
    standings.set(key, step(frame, standings.get(key)?.timers ?? []));
  }
  return [...standings.values()].filter(({ state }) => state !== 'absent');
}

function step(frame: EventFrame, before: Standing['timers']): Standing {
  const { machine, actor, event, to, timers, at } = frame;
  const over = new Set([event, ...timers.cancelled, ...timers.armed.map(({ name }) => name)]);
  const armed = timers.armed.map(({ name, ms }) => ({ name, due: at + (ms ?? 0), of: ms ?? 0 }));
  return { machine, actor, state: to, timers: [...before.filter(({ name }) => !over.has(name)), ...armed] };
}

/** Ms from the film's start at which its last frame happened. */
export function lengthOf(film: Film): number {
  return film.frames.at(-1)?.at ?? film.start.at;
}

/**
 * What the charts show `at` ms after the film's start, when `passed` frames have gone by.
 *
 * @param socket id of the socket shown where there are several; the last that did something unless given
 */
export function sceneOf(
  film: Film,
  passed: number,
  at: number,
  machines: readonly MachineChart[],
  socket = '',
): Scene {
  const standings = standingsAfter(film, passed);
  const last = film.frames[passed - 1];
  const shown = new Map<MachineName, LitMachine>();
  for (const chart of machines) {
    if (chart.id === 'node') continue;
    const own = standings.filter(({ machine }) => machine === chart.id);
    const standing =
      own.find(({ actor }) => actor === (socket || lastActor(film, passed, chart.id))) ?? own.at(-1);
    const taken = last?.kind === 'event' && last.machine === chart.id ? arrowsTaken(chart, last) : [];
    shown.set(chart.id, {
      lit: new Set(
        standing
          ? activePaths(chart, standing.state)
          : last?.kind === 'event'
            ? activePaths(chart, last.to)
            : [],
      ),
      taken: new Set(taken.map(({ id }) => id)),
      timers: standing ? timersByState(standing, at) : new Map(),
    });
  }
  return { isShown: true, machines: shown };
}

function lastActor(film: Film, passed: number, machine: string): string {
  const frame = film.frames
    .slice(0, passed)
    .findLast((each) => each.kind === 'event' && each.machine === machine);
  return frame?.kind === 'event' ? frame.actor : '';
}

function timersByState({ timers }: Standing, at: number): LitMachine['timers'] {
  const byState = new Map<string, Map<string, { left: number; of: number }>>();
  for (const { name, due, of } of timers) {
    const [delay = '', path = ''] = name.split('@');
    const known = byState.get(path) ?? new Map();
    byState.set(path, known.set(delay, { left: Math.max(0, due - at), of }));
  }
  return byState;
}

/** The arrows that an event took, and those without an event that it went on by. */
export function arrowsTaken(
  chart: MachineChart,
  { event, from, to, guards }: EventFrame,
): readonly ArrowChart[] {
  const answers = new Map(guards.map(({ name, answer }) => [name, answer]));
  const passes = ({ guard }: ArrowChart): boolean => guard === undefined || answers.get(guard) === true;
  const before = activePaths(chart, from);
  const after = activePaths(chart, to);
  const taken: ArrowChart[] = [];
  // The innermost state that reacts is the one that does; each region may have its own.
  for (const path of before.toReversed()) {
    if (taken.some(({ source }) => source.startsWith(`${path}.`))) continue;
    const arrow = chart.arrows.find((each) => each.source === path && each.event === event && passes(each));
    if (arrow) taken.push(arrow);
  }
  const onwards = chart.arrows.filter(
    (each) =>
      each.event === '' &&
      passes(each) &&
      each.targets.every((target) => after.includes(target) && !before.includes(target)) &&
      isFirst(chart, each, passes),
  );
  return [...taken, ...onwards];
}

function isFirst(chart: MachineChart, arrow: ArrowChart, passes: (arrow: ArrowChart) => boolean): boolean {
  return (
    chart.arrows.find(
      ({ source, event, ...rest }) =>
        source === arrow.source && event === '' && passes({ source, event, ...rest }),
    )?.id === arrow.id
  );
}

/** How long before it the frame in front of it happened, ms. */
export function gapBefore(film: Film, index: number): number {
  const frame = film.frames[index]!;
  return frame.at - (film.frames[index - 1]?.at ?? film.start.at);
}

/** One line about a frame. */
export function headline(frame: Frame): string {
  switch (frame.kind) {
    case 'event':
      return frame.event;
    case 'packet':
      return frame.type;
    case 'started':
      return 'opened';
    case 'ended':
      return frame.reason ?? frame.why;
    default:
      return frame satisfies never;
  }
}
