import type { CommandLetter } from '../delivery/letter.ts';
import { Given, type LettersGiven } from './letters-seen.ts';

interface Held {
  readonly letter: CommandLetter;
  /** The old home got it, too, and will pass it on. */
  readonly awaited: boolean;
}

/**
 * A session that has just come from another node. For a short time its old home still gets what is sent to its rooms and
 * its user, and passes it on, in order; so what comes here directly, and went there as well, is held back, and whatever
 * comes behind it waits with it. At the end of that time what the old home has not passed on is given.
 */
export class Arrival {
  readonly kind = 'arrival';
  /** The old home. */
  readonly from: number;
  private readonly given: Given;
  /** Ids of letters that the old home has passed on. */
  private readonly passedOn = new Set<string>();
  private readonly held = new Map<string, Held>();
  private readonly give: (letter: CommandLetter) => void;
  private releasing = false;
  private ended = false;

  /**
   * @param given letters that the session was given before it came
   * @param give deals with a letter whose turn has come
   */
  constructor(from: number, given: LettersGiven, give: (letter: CommandLetter) => void) {
    this.from = from;
    this.given = new Given(given);
    this.give = give;
  }

  /** Whether a letter that came here directly has to wait. */
  withholds(letter: CommandLetter): boolean {
    return letter.nodes.includes(this.from) || this.held.size > 0;
  }

  /** `letter` is for one socket of the session only. */
  hold(socket: string, letter: CommandLetter): void {
    const isShared = letter.nodes.includes(this.from);
    if (isShared && (this.given.has(letter.id) || this.passedOn.has(letter.id))) return;
    this.held.set(`${letter.id} ${socket}`, { letter, awaited: isShared });
  }

  /** The old home has passed a letter on. */
  passed(socket: string, id: string): void {
    this.held.delete(`${id} ${socket}`);
    this.passedOn.add(id);
    if (this.held.size === 0 || this.releasing) return;
    this.releasing = true;
    // Not in the middle of the letter in hand.
    queueMicrotask(() => this.release());
  }

  /** What was held back and not passed on, in the order in which it came. */
  end(): readonly CommandLetter[] {
    this.ended = true;
    return Array.from(this.held.values(), ({ letter }) => letter);
  }

  /** Gives what waited only for others before it. */
  private release(): void {
    this.releasing = false;
    if (this.ended) return;
    for (const [key, { letter, awaited }] of this.held) {
      if (awaited) return;
      this.held.delete(key);
      this.give({ ...letter, passedBy: this.from });
    }
  }
}
