/** Where a node is in its life; `fenced`: not sure of its number. Outermost states of the node machine. */
export type NodePhase = 'starting' | 'ready' | 'fenced' | 'draining' | 'stopped';

/** Whether a node wants new work, and what it depends on. Asked by `/readyz`. */
export interface Readiness {
  state(): NodePhase;
  /** Dependency → its condition. A dependency that is not ok makes the node not ready. Must not throw. */
  dependencies(): Readonly<Record<string, DependencyCondition>>;
}

export interface DependencyCondition {
  readonly ok: boolean;
  /** For people: `3 calls in a row failed`. No secret, no URL with a password. */
  readonly detail: string;
}
