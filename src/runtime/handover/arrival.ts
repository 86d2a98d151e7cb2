import type { CommandLetter } from '../delivery/letter.ts';

/**
 * A session that has just come from another node. For a short time its old home still gets what is sent to its rooms and
 * its user, and passes it on, in order; so what comes here directly, and went there as well, is held back. At the end
 * of that time whatever the old home has not passed on is given.
 */
export class Arrival {
  readonly kind = 'arrival';
  /** The old home. */
  readonly from: number;
  private readonly given: Set<string>;
  private readonly held = new Map<string, CommandLetter>();

  /** @param given ids of letters that the session was given before it came */
  constructor(from: number, given: readonly string[]) {
    this.from = from;
    this.given = new Set(given);
  }

  /** Whether a letter that came here directly has to wait: the old home got it, too. */
  withholds(letter: CommandLetter): boolean {
    return letter.nodes.includes(this.from);
  }

  /** `letter` is for one socket of the session only. */
  hold(socket: string, letter: CommandLetter): void {
    if (!this.given.has(letter.id)) this.held.set(`${letter.id} ${socket}`, letter);
  }

  /** The old home has passed a letter on. */
  passed(socket: string, id: string): void {
    this.held.delete(`${id} ${socket}`);
    this.given.add(id);
  }

  /** What was held back and not passed on, in the order in which it came. */
  end(): readonly CommandLetter[] {
    return [...this.held.values()];
  }
}
