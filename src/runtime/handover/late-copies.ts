import type { CommandLetter } from '../delivery/letter.ts';
import type { Clock } from '../ports/clock.ts';
import { type LettersGiven, type LettersSeen, partsOf } from './letters-seen.ts';

/** Longer (ms) than anybody tries to post a letter. */
const REMEMBERED = 90_000;
/** What is remembered at most, of letters and for each sender; the oldest is forgotten beyond. */
const MAX_LETTERS = 100_000;
const MAX_SESSIONS = 10_000;

interface Remembered {
  readonly sockets: readonly string[];
  readonly until: number;
}

interface Before extends Remembered {
  /** The sockets were given the sender's letters up to this number before they came. */
  readonly number: number;
}

/**
 * Letters that sessions which came to this node have been given by their old home, and whose copy for this node had not
 * come when that passed nothing on any more. The copy is not for those sockets.
 */
export class LateCopies {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly seen: Pick<LettersSeen, 'has'>;
  /** By the id of the letter, which was passed on. */
  private readonly passedOn = new Map<string, Remembered>();
  /** By the sender, whose letters are read here in order. */
  private readonly before = new Map<string, Before[]>();

  constructor(clock: Pick<Clock, 'now'>, seen: Pick<LettersSeen, 'has'>) {
    this.clock = clock;
    this.seen = seen;
  }

  /**
   * @param passedOn letters whose copy has not come
   * @param before letters that these sockets were given before they came
   */
  expect(passedOn: Iterable<string>, before: LettersGiven, sockets: readonly string[]): void {
    const now = this.clock.now();
    const until = now + REMEMBERED;
    for (const id of passedOn) {
      const others = this.passedOn.get(id)?.sockets ?? [];
      this.passedOn.set(id, { sockets: [...others, ...sockets], until });
    }
    for (const [id, oldest] of this.passedOn) {
      if (oldest.until > now && this.passedOn.size <= MAX_LETTERS) break;
      this.passedOn.delete(id);
    }
    for (const [sender, number] of before) {
      if (this.seen.has(sender, number)) continue;
      const known = this.before.get(sender)?.filter((one) => one.until > now) ?? [];
      this.before.set(sender, [...known, { number, sockets, until }].slice(-MAX_SESSIONS));
    }
  }

  /** The letter, without the sockets that were given it. Costs nothing while no copy is awaited. */
  withoutGiven(letter: CommandLetter): CommandLetter {
    if (this.passedOn.size + this.before.size === 0 || letter.passedBy !== undefined) return letter;
    const given = [...this.takePassedOn(letter.id), ...this.givenBefore(letter.id)];
    if (given.length === 0) return letter;
    const { command } = letter;
    const except = { ...command.except, sockets: [...command.except.sockets, ...given] };
    return { ...letter, command: { ...command, except } };
  }

  private takePassedOn(id: string): readonly string[] {
    const given = this.passedOn.get(id);
    if (given === undefined) return [];
    this.passedOn.delete(id);
    return given.sockets;
  }

  private givenBefore(id: string): readonly string[] {
    if (this.before.size === 0) return [];
    const { sender, number } = partsOf(id);
    const waiting = this.before.get(sender)?.filter((one) => number <= one.number);
    if (waiting === undefined) return [];
    // What comes from it now is newer for all others.
    if (waiting.length === 0) this.before.delete(sender);
    else this.before.set(sender, waiting);
    return waiting.flatMap(({ sockets }) => sockets);
  }
}
