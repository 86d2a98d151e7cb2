import { type MachineTables, reacts } from '../machine/compiled-machine.ts';
import type { EventFrame, Film, Frame, MachineName } from './film.ts';
import { type FilmTables, type StandingMachine, StandingMachines } from './standing-machines.ts';
import { eventNameOf, type NamedStep, stepOf } from './step-of.ts';

/** The machine of today does not do what the film shows. */
export interface Difference {
  /** Frame, and ms since the start of the film. */
  readonly n: number;
  readonly at: number;
  readonly machine: MachineName;
  readonly actor: string;
  readonly event: string;
  /** In words: what is in the film, and what the machine does instead. */
  readonly recorded: string;
  readonly now: string;
}

export interface PlayedFrame {
  readonly frame: Frame;
  /** All machines as they are after it. */
  readonly machines: readonly StandingMachine[];
  readonly difference: Difference | null;
}

/**
 * Plays a film frame by frame and asks at each event what the machine of `tables` does with it, given the answers that
 * its guards got. What the film says is what goes on: a difference does not lead to others.
 *
 * Pure: needs nothing but the film and the tables, wherever it runs.
 */
export function* replay(film: Film, tables: FilmTables): Generator<PlayedFrame, void, undefined> {
  const machines = new StandingMachines(film.start.machines, film.start.at, tables);
  for (const frame of film.frames) {
    let difference: Difference | null = null;
    if (frame.kind === 'event') {
      const { machine, actor } = frame;
      difference = compare(frame, machines.stateOf(machine, actor), tables[machine]);
      machines.pass(frame);
    }
    yield { frame, machines: machines.all(), difference };
  }
}

/** The first point at which the machine of `tables` acts otherwise; null when it does all that the film shows. */
export function firstDifference(film: Film, tables: FilmTables): Difference | null {
  for (const { difference } of replay(film, tables)) if (difference !== null) return difference;
  return null;
}

function compare(frame: EventFrame, state: string, tables: MachineTables): Difference | null {
  const differs = (recorded: string, now: string): Difference => {
    const { n, at, machine, actor, event } = frame;
    return { n, at, machine, actor, event, recorded, now };
  };
  if (frame.from !== state) return differs(`it was in ${frame.from}`, `what came before leads to ${state}`);
  const from = tables.states.indexOf(state);
  if (from < 0) return differs(`it was in ${state}`, 'there is no such state');
  const event = tables.events.findIndex((_, code) => eventNameOf(tables, code) === frame.event);
  if (event < 0) return differs(`${frame.event} came`, 'there is no such event');
  const decided = decide(frame, tables, from, event);
  if (typeof decided === 'string') {
    return differs(`it did not ask ${decided}`, `it asks ${decided}, and the film has no answer`);
  }
  return compareSteps(frame, decided === 0 ? idle(state) : stepOf(tables, decided), differs);
}

/** The transition that is made, 0 for none; or the guard that is asked and was not. */
function decide({ guards }: EventFrame, tables: MachineTables, from: number, event: number): number | string {
  if (!reacts(tables, from, event)) return 0;
  let reaction = tables.reactions[from * tables.events.length + event]!;
  while (reaction < 0) {
    const name = tables.guards[tables.decisions[-3 * reaction]!]!;
    const answer = guards.find((guard) => guard.name === name)?.answer;
    if (answer === undefined) return name;
    reaction = tables.decisions[-3 * reaction + (answer ? 1 : 2)]!;
  }
  return reaction;
}

function idle(state: string): NamedStep {
  return { to: state, effects: [], armed: [], cancelled: [] };
}

function compareSteps(
  { to, effects, timers }: EventFrame,
  step: NamedStep,
  differs: (recorded: string, now: string) => Difference,
): Difference | null {
  if (to !== step.to) return differs(`it went to ${to}`, `it goes to ${step.to}`);
  const lists: [string, readonly string[], readonly string[]][] = [
    ['effects', effects.map(wordsOf), step.effects.map(wordsOf)],
    ['timers armed', timers.armed.map(({ name }) => name), step.armed],
    ['timers cancelled', timers.cancelled, step.cancelled],
  ];
  for (const [what, recorded, now] of lists) {
    const [one, other] = [recorded.join(', ') || 'none', now.join(', ') || 'none'];
    if (one !== other) return differs(`${what}: ${one}`, `${what}: ${other}`);
  }
  return null;
}

/** `beginClose {"reason":"ping timeout"}` */
export function wordsOf({ name, params }: EventFrame['effects'][number]): string {
  return params === undefined ? name : `${name} ${canonical(params)}`;
}

/** JSON with its keys in one order, so that two who mean the same say the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
