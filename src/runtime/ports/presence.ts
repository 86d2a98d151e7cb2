import type { SocketDescription } from '../socket-description.ts';
import type { Incarnation } from './lease-store.ts';

/**
 * Who is where: which sockets a user has and a room holds, and on which node each socket lives
 * (`ws:user:clients:*`, `ws:guid:clients:*`, `ws:client:*` on Redis).
 *
 * Writes are applied in the order they are made. Reads may lag behind writes of other nodes, never behind the
 * own ones. Entries not touched for longer than the adapter's lifetime vanish (`sweep`).
 */
export interface Presence {
  /** Resolves when others can find it, or when it has gone before; never rejects. Nothing in memory: they can at once. */
  add(entry: PresenceEntry): void | Promise<void>;
  /** It is gone for good. */
  remove(socket: string): void;
  /** It came from another node, with all its rooms: `entry.node` is where it lives now. */
  arrive(entry: PresenceEntry, rooms: readonly string[]): void;
  /**
   * Another node writes from now on what is known of it, and answers for it: should that node die, it is among those who
   * are buried. What is sent to its user and rooms still comes here, too. Resolves with false when it is too late for
   * that: the other was buried before, without it, and it is gone.
   */
  cede(socket: string, to: Incarnation): void | Promise<boolean>;
  /** It lives on another node: nothing of it is left here, and what is known of it stays. */
  depart(socket: string): void;
  join(socket: string, rooms: readonly string[]): void;
  leave(socket: string, rooms: readonly string[]): void;
  /** Refreshes "last seen" (ms since 1970) of many sockets at once. */
  touch(sockets: readonly string[], seen: number): void | Promise<void>;
  /** Nodes that hold at least one socket of these users or rooms. Resolves synchronously in memory. */
  nodesOf(users: readonly string[], rooms: readonly string[]): readonly number[] | Promise<readonly number[]>;
  /** The node each of these sockets lives on, in their order; -1 for one that is nowhere. */
  homesOf(sockets: readonly string[]): readonly number[] | Promise<readonly number[]>;
  /** All nodes that hold sockets, or may. */
  nodes(): readonly number[] | Promise<readonly number[]>;
  /** Sockets of one user, oldest first. */
  socketsOfUser(user: string): readonly string[] | Promise<readonly string[]>;
  /** Removes entries not seen since `before` (ms since 1970); returns their ids. */
  sweep(before: number): readonly string[] | Promise<readonly string[]>;
}

/** What presence wants to know of a socket. */
export interface PresentSocket {
  snapshot(): SocketDescription;
}

export interface PresenceEntry {
  readonly socket: string;
  readonly user: string;
  readonly node: number;
  /** The socket itself, for what is told of it should its node die; it changes with time. */
  readonly of?: PresentSocket;
  /** Milliseconds since 1970. */
  readonly seen: number;
}
