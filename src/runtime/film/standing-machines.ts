import type { MachineTables } from '../machine/compiled-machine.ts';
import type { EventFrame, FilmStart, MachineName } from './film.ts';

/** A machine at one moment of a film. */
export interface StandingMachine {
  readonly machine: MachineName;
  readonly actor: string;
  readonly state: string;
  /** Armed timers: name, and when they are over, in ms since the start of the film. */
  readonly timers: readonly { readonly name: string; readonly due: number }[];
}

export type FilmTables = { readonly [Name in MachineName]: MachineTables };

const ABSENT = 'absent';

/** The machines of a film, moved on from frame to frame by what the frames say. */
export class StandingMachines {
  private readonly tables: FilmTables;
  private readonly standing = new Map<string, StandingMachine>();

  constructor(machines: FilmStart['machines'], at: number, tables: FilmTables) {
    this.tables = tables;
    for (const { machine, actor, state, timers } of machines) {
      const due = timers.map(({ name, ms }) => ({ name, due: at + ms }));
      this.standing.set(keyOf(machine, actor), { machine, actor, state, timers: due });
    }
  }

  /** `absent` before its first event and after its last. */
  stateOf(machine: MachineName, actor: string): string {
    return this.standing.get(keyOf(machine, actor))?.state ?? ABSENT;
  }

  all(): readonly StandingMachine[] {
    return [...this.standing.values()];
  }

  pass({ machine, actor, at, to, event, timers }: EventFrame): void {
    const key = keyOf(machine, actor);
    const { final, states } = this.tables[machine];
    if (to === ABSENT || final[states.indexOf(to)] === 1) {
      this.standing.delete(key);
      return;
    }
    const gone = new Set([event, ...timers.cancelled, ...timers.armed.map(({ name }) => name)]);
    const left = this.standing.get(key)?.timers.filter(({ name }) => !gone.has(name)) ?? [];
    const armed = timers.armed.flatMap(({ name, ms }) => (ms === null ? [] : [{ name, due: at + ms }]));
    this.standing.set(key, { machine, actor, state: to, timers: [...left, ...armed] });
  }
}

function keyOf(machine: MachineName, actor: string): string {
  return `${machine} ${actor}`;
}
