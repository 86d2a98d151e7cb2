import { type MachineTables, startEvent } from '../machine/compiled-machine.ts';
import type { EventFrame } from './film.ts';

export type FilmEffect = EventFrame['effects'][number];

/** What one transition of a machine does, by names. */
export interface NamedStep {
  readonly to: string;
  readonly effects: readonly FilmEffect[];
  readonly armed: readonly string[];
  readonly cancelled: readonly string[];
}

/** Name of an event by its code; timers as `<delay>@<state path>`. */
export function eventNameOf(tables: MachineTables, code: number): string {
  const firstTimer = startEvent(tables) - tables.timers.length;
  return tables.timers[code - firstTimer]?.name ?? tables.events[code]!;
}

export function stepOf(tables: MachineTables, transition: number): NamedStep {
  const { effects: names, timers, stepCode, stepParam, stepFrom } = tables;
  const effects: FilmEffect[] = [];
  const armed: string[] = [];
  const cancelled: string[] = [];
  const cancels = names.length + timers.length;
  for (let step = stepFrom[transition]!; step < stepFrom[transition + 1]!; step++) {
    const code = stepCode[step]!;
    if (code >= cancels) cancelled.push(timers[code - cancels]!.name);
    else if (code >= names.length) armed.push(timers[code - names.length]!.name);
    else effects.push(effect(names[code]!, tables.params[stepParam[step]!]));
  }
  return { to: tables.states[tables.nextState[transition]!]!, effects, armed, cancelled };
}

function effect(name: string, params: unknown): FilmEffect {
  return params === undefined ? { name } : { name, params };
}
