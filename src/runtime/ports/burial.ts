import type { SocketDescription } from '../socket-description.ts';
import type { Incarnation } from './lease-store.ts';

/**
 * The sockets that an incarnation left behind when it died. Promises reject with `HoldfastError('unavailable')`.
 */
export interface Burial {
  /** From here on nothing that the incarnation still has on its way gets into the upstream log, where that can be done. */
  fence(incarnation: Incarnation): Promise<void>;
  /** At most `limit` sockets that are not buried yet, described as they last were; empty when none is left. */
  lost(incarnation: Incarnation, limit: number): Promise<readonly SocketDescription[]>;
  /** Removes them from presence. Harmless when repeated. */
  bury(incarnation: Incarnation, sockets: readonly SocketDescription[]): Promise<void>;
}
