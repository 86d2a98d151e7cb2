import type { FilmStart, Frame } from '../film/film.ts';
import { type FilmTables, StandingMachines } from '../film/standing-machines.ts';

/**
 * What a film's machines are before its first frame. A frame that has to be dropped moves it on, so that whatever is left
 * can be played from here.
 */
export class MovingStart {
  /** ms since 1970. */
  readonly time: number;
  private at = 0;
  private dropped = 0;
  private readonly machines: StandingMachines;

  constructor({ time, machines }: Pick<FilmStart, 'time' | 'machines'>, tables: FilmTables) {
    this.time = time;
    this.machines = new StandingMachines(machines, 0, tables);
  }

  pass(frame: Frame): void {
    this.at = frame.at;
    this.dropped++;
    if (frame.kind === 'event') this.machines.pass(frame);
  }

  now(): FilmStart {
    const { time, at, dropped } = this;
    const machines = this.machines.all().map(({ machine, actor, state, timers }) => ({
      machine,
      actor,
      state,
      timers: timers.map(({ name, due }) => ({ name, ms: Math.max(0, due - at) })),
    }));
    return { time, at, dropped, machines };
  }
}
