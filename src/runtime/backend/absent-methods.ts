import type { Clock } from '../ports/clock.ts';

/** Methods that a backend does not have: not called again for `pause` milliseconds (`backend.absentFor`). */
export class AbsentMethods<Method extends string> {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #pause: number;
  readonly #until = new Map<Method, number>();

  constructor(clock: Pick<Clock, 'now'>, pause: number) {
    this.#clock = clock;
    this.#pause = pause;
  }

  note(method: Method): void {
    this.#until.set(method, this.#clock.now() + this.#pause);
  }

  has(method: Method): boolean {
    // Almost always empty, and asked for every record.
    if (this.#until.size === 0) return false;
    const until = this.#until.get(method);
    if (until === undefined) return false;
    if (this.#clock.now() < until) return true;
    this.#until.delete(method);
    return false;
  }
}
