import { nodeOf, type SnowflakeParts } from '../identity/snowflake.ts';
import { parseDecimal } from '../identity/snowflake-decimal.ts';
import type { Clock } from '../ports/clock.ts';

export interface HomesOptions {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Sends a fence after a socket, by the node it was born on; whoever holds the socket answers with its number. */
  readonly fence: (socket: string, via: number, number: number) => void;
}

interface Move {
  readonly node: number;
  /** The fence whose answer is awaited, and when it was sent. */
  fence: number;
  fencedAt: number;
  /** Something went by the old home after the fence. */
  overtaken: boolean;
  /** Fences that were answered and had been overtaken. */
  rounds: number;
  /** The new home is written to directly. */
  isReached: boolean;
  /** Who waits for that. */
  waiting: (() => void)[] | null;
}

/** Sockets remembered that live elsewhere than where they were born. */
const MAX_MOVED = 100_000;
/** Fences tried while traffic goes on. After that it waits for the answer, so long (ms) at most. */
const ROUNDS = 2;
const HOLD = 250;
/** After this time (ms) without an answer another fence is sent. */
const FENCE_AGAIN = 3_000;

/**
 * The node each socket lives on: the one its Snowflake names, unless it was seen to have moved.
 *
 * The old home passes on what still comes to it. What was sent by it and what is sent to the new home directly could
 * overtake each other; so a fence is sent after the former, and the latter begins when it has arrived.
 */
export class Homes {
  private readonly options: HomesOptions;
  private readonly moved = new Map<string, Move>();
  private readonly parts: SnowflakeParts = { hi: 0, lo: 0 };
  private lastFence = 0;

  constructor(options: HomesOptions) {
    this.options = options;
  }

  /** The node to write to; -1 for what is no socket's id. */
  of(socket: string): number {
    const move = this.moved.size === 0 ? undefined : this.moved.get(socket);
    if (move === undefined) return this.birthplace(socket);
    if (move.isReached) return move.node;
    if (this.options.clock.now() - move.fencedAt >= FENCE_AGAIN) this.fence(socket, move);
    move.overtaken = true;
    return this.birthplace(socket);
  }

  /** Resolves when a socket may be written to; null when that is now. */
  held(socket: string): Promise<void> | null {
    const waiting = this.moved.size === 0 ? null : (this.moved.get(socket)?.waiting ?? null);
    return waiting === null ? null : new Promise((resolve) => waiting.push(resolve));
  }

  /** A record said where the socket lives. */
  learn(socket: string, node: number): void {
    const known = this.moved.get(socket);
    if (known?.node === node) return;
    this.forget(socket);
    if (node === this.birthplace(socket)) return;
    const move: Move = {
      node,
      fence: 0,
      fencedAt: 0,
      overtaken: false,
      rounds: 0,
      isReached: false,
      waiting: null,
    };
    this.moved.set(socket, move);
    this.fence(socket, move);
    if (this.moved.size > MAX_MOVED) this.forgetOldest();
  }

  /** All that was sent before the fence has arrived where the socket lives. */
  fenced(socket: string, number: number): void {
    const move = this.moved.get(socket);
    if (move === undefined || move.isReached || move.fence !== number) return;
    if (!move.overtaken) return this.reach(move);
    move.rounds++;
    if (move.rounds >= ROUNDS && move.waiting === null) this.hold(move);
    this.fence(socket, move);
  }

  /** The node it was born on is gone: nothing is passed on any more. Where it lives; -1 when nobody has said. */
  orphaned(socket: string): number {
    const move = this.moved.get(socket);
    if (move === undefined) return -1;
    if (!move.isReached) this.reach(move);
    return move.node;
  }

  forget(socket: string): void {
    const move = this.moved.get(socket);
    if (move === undefined) return;
    this.moved.delete(socket);
    release(move);
  }

  private fence(socket: string, move: Move): void {
    move.fence = ++this.lastFence;
    move.fencedAt = this.options.clock.now();
    move.overtaken = false;
    this.options.fence(socket, this.birthplace(socket), move.fence);
  }

  private reach(move: Move): void {
    move.isReached = true;
    release(move);
  }

  /** There is no pause in which to change over, so one is made. */
  private hold(move: Move): void {
    move.waiting = [];
    this.options.clock.after(HOLD, () => {
      if (move.isReached || move.waiting === null) return;
      move.rounds = 0;
      release(move);
    });
  }

  private birthplace(socket: string): number {
    return parseDecimal(socket, this.parts) ? nodeOf(this.parts.hi, this.parts.lo) : -1;
  }

  private forgetOldest(): void {
    for (const socket of this.moved.keys()) return this.forget(socket);
  }
}

function release(move: Move): void {
  const waiting = move.waiting ?? [];
  move.waiting = null;
  for (const go of waiting) go();
}
