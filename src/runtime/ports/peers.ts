import type { Speaks } from '../connection/engine.ts';
import type { EngineErrorName } from '../errors/engine-error.ts';

/** A session as its client names it. The `sid` is a credential: it goes to its home only, over the nodes' own links. */
export interface SessionName {
  readonly sid: string;
  readonly speaks: Speaks;
  readonly revision: 3 | 4;
}

/**
 * What one node asks another on behalf of a client whose request came to it while its session lives there.
 *
 * Answers are what the home would have told the client itself. A home that cannot be reached answers
 * `unknownSession`: it is gone, and its sessions with it.
 */
export interface Peers {
  /** A GET for packets, held until there are some. Aborting it is the client's going away. */
  poll(node: number, session: SessionName, aborted: AbortSignal): Promise<PolledPackets | EngineErrorName>;
  /** A POST with packets. Null when they were taken. */
  post(
    node: number,
    session: SessionName,
    body: Uint8Array,
    binary: boolean,
    aborted: AbortSignal,
  ): Promise<EngineErrorName | null>;
}

export interface PolledPackets {
  readonly payload: string | Uint8Array;
}
