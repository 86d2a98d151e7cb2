/** Everything the node machine can be told. */
export const NODE_EVENTS = [
  /** All listeners are bound and all dependencies answered once. */
  'LISTENING',
  /** A listener could not be bound, or a dependency needed at start is missing. */
  'START_FAILED',
  /** SIGTERM, SIGINT, or an operator. */
  'DRAIN_REQUESTED',
  /** The node cannot be sure any more that its number is its own. */
  'LEASE_LOST',
  /** It is, again or anew. */
  'LEASE_REGAINED',
  /** No client connection is left. */
  'DRAINED',
  /** Everything accepted is in the log's storage. */
  'FLUSHED',
] as const;

export type NodeEvent = (typeof NODE_EVENTS)[number];

/** Everything the node machine can ask for. */
export const NODE_EFFECTS = [
  /** Say ready and take client connections. */
  'acceptConnections',
  /** Say not ready (`/readyz` 503) and take no new session. */
  'stopAccepting',
  /** Close the connections at a pace at which their clients can be taken in elsewhere; then DRAINED. */
  'closePaced',
  /** Close whatever is left at once. */
  'closeRest',
  /** Hand queued work over; then FLUSHED. */
  'flush',
  /** End the process. */
  'exit',
] as const;

export type NodeEffect = (typeof NODE_EFFECTS)[number];

export interface ExitParams {
  /** The process's exit code. */
  readonly code: 0 | 1;
}

interface NodeEffectParams {
  readonly exit: ExitParams;
}

export type NodeEffects = {
  [Name in NodeEffect]: Name extends keyof NodeEffectParams ? NodeEffectParams[Name] : undefined;
};

/** Everything the node machine asks. Answers must not depend on effects of the same step. */
export const NODE_GUARDS = [
  /** At least one client connection is open. */
  'holdsConnections',
] as const;

export type NodeGuard = (typeof NODE_GUARDS)[number];

export const NODE_DELAYS = [
  /** How long closing connections at a pace may take. */
  'drainTimeout',
  /** How long handing over queued work may take. */
  'flushTimeout',
] as const;

export type NodeDelay = (typeof NODE_DELAYS)[number];
