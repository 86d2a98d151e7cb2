import type { Target } from '../delivery/target.ts';
import type { SocketDescription } from '../socket-description.ts';

/**
 * Who lives on nodes that do not answer, as those wrote it down themselves (Redis).
 *
 * Promises reject with `HoldfastError('unavailable' | 'deadline_exceeded')` when it cannot be looked up.
 */
export interface Absentees {
  /**
   * Sockets of these nodes which bear one of the target's names, in whatever namespace. What a node did not come to write
   * is not known, and of very many only some thousands are.
   */
  of(nodes: readonly number[], target: Target): Promise<readonly Absentee[]>;
}

export interface Absentee {
  readonly node: number;
  readonly socket: SocketDescription;
}
