import type { CommandLetter } from '../delivery/letter.ts';
import type { Clock } from '../ports/clock.ts';

/** Longer (ms) than anybody tries to post a letter. */
const REMEMBERED = 90_000;
/** Letters that are remembered; the oldest are forgotten beyond. */
const MAX_LETTERS = 100_000;

interface Copy {
  readonly sockets: string[];
  readonly until: number;
}

/**
 * Letters that an old home has passed on to sessions which have come to this node, and whose direct copy had not come here
 * when it stopped to. Each copy comes once, and is not for those sockets any more.
 */
export class LateCopies {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly awaited = new Map<string, Copy>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock;
  }

  get size(): number {
    return this.awaited.size;
  }

  expect(letters: Iterable<string>, sockets: readonly string[]): void {
    const now = this.clock.now();
    for (const id of letters) {
      const known = this.awaited.get(id);
      if (known === undefined) this.awaited.set(id, { sockets: [...sockets], until: now + REMEMBERED });
      else known.sockets.push(...sockets);
    }
    for (const [id, { until }] of this.awaited) {
      if (until > now && this.awaited.size <= MAX_LETTERS) return;
      this.awaited.delete(id);
    }
  }

  /** The letter, without the sockets that were given it. Costs nothing while no copy is awaited. */
  withoutGiven(letter: CommandLetter): CommandLetter {
    if (this.awaited.size === 0 || letter.passedBy !== undefined) return letter;
    const given = this.awaited.get(letter.id);
    if (given === undefined) return letter;
    this.awaited.delete(letter.id);
    const { command } = letter;
    const except = { ...command.except, sockets: [...command.except.sockets, ...given.sockets] };
    return { ...letter, command: { ...command, except } };
  }
}
