import { nodeOf, type SnowflakeParts } from '../identity/snowflake.ts';
import { parseDecimal } from '../identity/snowflake-decimal.ts';
import type { Clock } from '../ports/clock.ts';

/** Sockets remembered that live elsewhere than where they were born. */
const MAX_MOVED = 100_000;
/**
 * How long (ms) nothing must have gone by the old home before the new one is written to directly: longer than passing
 * on takes. A socket that never pauses is not kept waiting for ever.
 */
const QUIET = 1_000;
const LONGEST = 3_000;

interface Move {
  readonly node: number;
  /** When something last went by the old home. */
  lastByOld: number;
  readonly learned: number;
}

/**
 * The node each socket lives on: the one its Snowflake names, unless it was seen to have moved.
 *
 * The old home passes on what still comes to it. So what was sent by it and what is sent to the new home directly
 * could overtake each other; the switch is therefore made in a pause.
 */
export class Homes {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly moved = new Map<string, Move>();
  private readonly parts: SnowflakeParts = { hi: 0, lo: 0 };

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock;
  }

  /** The node to write to; -1 for what is no socket's id. */
  of(socket: string): number {
    const born = this.birthplace(socket);
    if (this.moved.size === 0) return born;
    const move = this.moved.get(socket);
    if (move === undefined) return born;
    const now = this.clock.now();
    if (now - move.lastByOld >= QUIET || now - move.learned >= LONGEST) {
      move.lastByOld = Number.NEGATIVE_INFINITY;
      return move.node;
    }
    move.lastByOld = now;
    return born;
  }

  /** A record, or the old home, said where the socket lives. */
  learn(socket: string, node: number): void {
    const known = this.moved.get(socket);
    if (known?.node === node) return;
    if (known !== undefined) this.moved.delete(socket);
    if (node === this.birthplace(socket)) return;
    this.moved.set(socket, { node, lastByOld: this.clock.now(), learned: this.clock.now() });
    if (this.moved.size > MAX_MOVED) this.forgetOldest();
  }

  forget(socket: string): void {
    this.moved.delete(socket);
  }

  private birthplace(socket: string): number {
    return parseDecimal(socket, this.parts) ? nodeOf(this.parts.hi, this.parts.lo) : -1;
  }

  private forgetOldest(): void {
    for (const socket of this.moved.keys()) {
      this.moved.delete(socket);
      return;
    }
  }
}
