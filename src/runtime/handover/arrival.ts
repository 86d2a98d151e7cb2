import type { CommandLetter } from '../delivery/letter.ts';
import type { Target } from '../delivery/target.ts';
import type { Socket } from '../socket/socket.ts';
import { Given, type LettersGiven, partsOf } from './letters-seen.ts';

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
  /** Letters that the session was given before it came. */
  readonly before: LettersGiven;
  private readonly given: Given;
  /** Ids of letters that the old home has passed on, and that are still to come directly. */
  private readonly passedOn = new Set<string>();
  private readonly held = new Map<string, Held>();
  /** Rooms that sockets have joined here, without the old home: `socket room`. */
  private readonly joinedHere = new Set<string>();
  /** Letters that the old home got as well, given here because it could not mean the socket: `id socket`. */
  private readonly givenHere = new Set<string>();
  private readonly give: (letter: CommandLetter) => void;
  private releasing = false;
  private giving = false;
  private ended = false;

  /**
   * @param given letters that the session was given before it came
   * @param give deals with a letter whose turn has come
   */
  constructor(from: number, given: LettersGiven, give: (letter: CommandLetter) => void) {
    this.from = from;
    this.before = given;
    this.given = new Given(given);
    this.give = give;
  }

  /** A socket is about to join rooms. Its old home hears only of those that it passes on. */
  joins(socket: Socket, rooms: readonly string[], isPassed: boolean): void {
    for (const room of rooms) {
      if (isPassed) this.joinedHere.delete(`${socket.id} ${room}`);
      else if (!socket.isIn(room)) this.joinedHere.add(`${socket.id} ${room}`);
    }
  }

  /**
   * The session was given something later of the same sender before it came: either this as well, or this was for those
   * who were here at that time.
   */
  isBehind(id: string): boolean {
    return this.given.has(id);
  }

  /** Whether a letter that came here directly has to wait. */
  withholds(socket: Socket, letter: CommandLetter): boolean {
    if (this.held.size > 0) return true;
    const isShared = letter.nodes.includes(this.from);
    if (isShared && !this.isMeantThere(socket, letter.command.to)) {
      this.givenHere.add(`${letter.id} ${socket.id}`);
      return false;
    }
    return isShared;
  }

  /** `letter` is `restricted` to one socket of the session. */
  hold(socket: Socket, letter: CommandLetter, restricted: CommandLetter): void {
    const key = `${letter.id} ${socket.id}`;
    const isShared = letter.nodes.includes(this.from);
    if (isShared && this.passedOn.delete(letter.id)) return;
    const awaited = isShared && this.isMeantThere(socket, letter.command.to);
    this.held.set(key, { letter: restricted, awaited });
  }

  /** The old home passes on what was given here already: it has heard of the room by now. */
  hasGiven(socket: string, id: string): boolean {
    return this.givenHere.has(`${id} ${socket}`);
  }

  /** The old home passes a letter on: what came before it, and does not wait for another, goes first. */
  passes({ id, passedBy }: CommandLetter): void {
    if (this.giving) return;
    if (passedBy === this.from) this.releaseOvertaken(id);
    else this.releaseUpTo(id);
  }

  /** It was one for this socket. */
  passed(socket: string, { id, repeats }: CommandLetter): void {
    const hasCome = this.held.delete(`${id} ${socket}`) || this.hasGiven(socket, id);
    if (repeats === true && !hasCome) this.passedOn.add(id);
    if (this.held.size === 0 || this.releasing) return;
    this.releasing = true;
    // Not in the middle of the letter in hand.
    queueMicrotask(() => this.release());
  }

  /** Letters that were passed on, and are still to come directly. */
  get awaited(): Iterable<string> {
    return this.passedOn;
  }

  /** What was held back and not passed on, in the order in which it came. */
  end(): readonly CommandLetter[] {
    this.ended = true;
    return Array.from(this.held.values(), ({ letter }) => letter);
  }

  /** Gives what waited only for others before it. */
  private release(): void {
    this.releasing = false;
    if (!this.ended) this.releaseUpTo(null);
  }

  private releaseUpTo(id: string | null): void {
    for (const [key, { letter, awaited }] of this.held) {
      if (awaited || letter.id === id) return;
      this.giveHeld(key, letter);
    }
  }

  /**
   * The old home reads each sender's letters in order: those before this one have not come there, and never will. What
   * came before them goes before them, for one sender's letters may answer another's; but for what waits itself.
   */
  private releaseOvertaken(id: string): void {
    const { sender, number } = partsOf(id);
    let isInOrder = true;
    for (const [key, { letter, awaited }] of this.held) {
      const held = partsOf(letter.id);
      const isOvertaken = held.sender === sender && held.number < number;
      isInOrder = isInOrder && letter.id !== id && (isOvertaken || !awaited);
      if (isOvertaken || isInOrder) this.giveHeld(key, letter);
    }
  }

  private giveHeld(key: string, letter: CommandLetter): void {
    this.held.delete(key);
    this.giving = true;
    this.give({ ...letter, passedBy: this.from });
    this.giving = false;
    this.givenHere.add(key);
  }

  /** Whether the old home, too, takes the socket for one of those a letter is for. */
  private isMeantThere({ id, user, rooms }: Socket, to: Target): boolean {
    if (to.everyone || to.sockets.includes(id) || to.rooms.includes(id)) return true;
    if (user !== '' && to.users.includes(user)) return true;
    return [...(rooms ?? [])].some(
      ({ name }) => to.rooms.includes(name) && !this.joinedHere.has(`${id} ${name}`),
    );
  }
}
