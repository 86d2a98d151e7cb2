import { birthplaceOf } from '../identity/birthplace.ts';
import type { Clock } from '../ports/clock.ts';

export interface HomesOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Sends a fence after a socket, by the node it was born on; whoever holds the socket answers with its number. */
  readonly fence: (socket: string, via: number, number: number) => void;
}

/** A socket that has just moved. */
interface Move {
  readonly node: number;
  readonly since: number;
  /** The fence whose answer is awaited, and when it was sent. */
  fence: number;
  fencedAt: number;
  isFenced: boolean;
}

/** Sockets remembered that live elsewhere than where they were born. */
const MAX_MOVED = 250_000;
/** By then (ms) everybody who writes to sockets has heard of a move. */
const KNOWN_TO_ALL = 6_000;
/** After this time (ms) without an answer another fence is sent. */
const FENCE_AGAIN = 3_000;

/**
 * The node each socket lives on: the one its Snowflake names, unless it was said to have moved.
 *
 * The old home passes on what was sent by it, perhaps late. So for a while both homes are written to: what comes to the
 * new one directly waits there until the old one has passed it on. That ends when everybody else does the same, and a
 * fence has shown that all this node sent by the old home alone has arrived.
 */
export class Homes {
  private readonly options: HomesOptions;
  /** Where sockets went: a number once nothing is on its way by the old home any more. */
  private readonly moved = new Map<string, Move | number>();
  private lastFence = 0;

  constructor(options: HomesOptions) {
    this.options = options;
  }

  /** The node a socket lives on; -1 for what is no socket's id. */
  of(socket: string): number {
    const move = this.moved.size === 0 ? undefined : this.moved.get(socket);
    if (move === undefined) return birthplaceOf(socket);
    return typeof move === 'number' ? move : move.node;
  }

  /** The old home, while it has to get what is sent to the socket as well; -1 otherwise. */
  besides(socket: string): number {
    const move = this.moved.size === 0 ? undefined : this.moved.get(socket);
    if (move === undefined || typeof move === 'number') return -1;
    const now = this.options.clock.now();
    if (move.isFenced && now - move.since >= KNOWN_TO_ALL) {
      this.settle(socket);
      return -1;
    }
    if (!move.isFenced && now - move.fencedAt >= FENCE_AGAIN) this.fence(socket, move);
    return birthplaceOf(socket);
  }

  /** A record, or its new home, said where a socket lives. */
  learn(socket: string, node: number): void {
    if (this.of(socket) === node) return;
    this.moved.delete(socket);
    if (node === birthplaceOf(socket)) return;
    const since = this.options.clock.now();
    const move: Move = { node, since, fence: 0, fencedAt: since, isFenced: false };
    this.moved.set(socket, move);
    this.fence(socket, move);
    if (this.moved.size > MAX_MOVED) this.forgetOldest();
  }

  /** All that was sent before the fence has arrived where the socket lives. */
  fenced(socket: string, number: number): void {
    const move = this.moved.get(socket);
    if (move !== undefined && typeof move !== 'number' && move.fence === number) move.isFenced = true;
  }

  /** Nothing more comes by the old home, such as one that is gone. */
  settle(socket: string): void {
    if (this.moved.has(socket)) this.moved.set(socket, this.of(socket));
  }

  forget(socket: string): void {
    this.moved.delete(socket);
  }

  private fence(socket: string, move: Move): void {
    move.fence = ++this.lastFence;
    move.fencedAt = this.options.clock.now();
    this.options.fence(socket, birthplaceOf(socket), move.fence);
  }

  private forgetOldest(): void {
    for (const socket of this.moved.keys()) return this.forget(socket);
  }
}
