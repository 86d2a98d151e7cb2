import type { Speaks } from '../connection/engine.ts';
import type { EngineErrorName } from '../errors/engine-error.ts';
import type { Passport } from '../handover/passport.ts';

/** A session as its client names it. The `sid` is a credential: it goes to its home only, over the nodes' own links. */
export interface SessionName {
  readonly sid: string;
  readonly speaks: Speaks;
  readonly revision: 3 | 4;
}

/** One WebSocket with a session's sid, elsewhere than at its home. Steps of any other one are refused or not heard. */
export interface Visit extends SessionName {
  /** Tells it from others on the same node. */
  readonly visit: number;
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
  /** A POST came whose packets cannot be passed on. The session ends as it would at home; the answer is for its client. */
  postFailed(
    node: number,
    session: SessionName,
    binary: boolean,
    failure: PostFailure,
  ): Promise<EngineErrorName | null>;
  /** A WebSocket with the session's sid wants to open here. Null when it may. */
  openCandidate(node: number, visit: Visit): Promise<EngineErrorName | null>;
  /** `2probe` came on it. What to answer; null when it has to be closed. */
  probeCandidate(node: number, visit: Visit): Promise<string | null>;
  /** `5` came on it. The session, ready to travel; null when it does not come. */
  upgradeCandidate(node: number, visit: Visit): Promise<Passport | null>;
  /** The session is here. False when its home has thought better of it, or may have: then it must not run here. */
  arrived(node: number, visit: Visit): Promise<boolean>;
  /** The session runs here. Not heard, its home will ask. */
  settled(node: number, visit: Visit): Promise<void>;
  /** To where a session went: does it run there? `unknown` while that is being decided, or when nobody answers. */
  holds(node: number, session: SessionName): Promise<'yes' | 'no' | 'unknown'>;
  /** The WebSocket is gone. */
  candidateLost(node: number, visit: Visit): Promise<void>;
}

/** What is wrong with a POST: above `engine.maxPayload`, no JSONP form, or its client went away in the middle. */
export type PostFailure = 'oversized' | 'illegal' | 'aborted';

export interface PolledPackets {
  readonly payload: string | Uint8Array;
}
