import type { BackendDispatcher } from '../runtime/backend/backend-dispatcher.ts';
import type { Gateway } from '../runtime/gateway.ts';
import type { DependencyCondition } from '../runtime/ports/readiness.ts';
import type { Ports } from './ports.ts';

/** What a node of a cluster does under one node number, from getting it to giving it back. */
export interface Role {
  /** Binds its listeners. */
  start(): Promise<Partial<Ports>>;
  /** Whether a session is on its way to this node, and nobody can say yet whether it arrives. */
  expects(sid: string): boolean;
  accept(): void;
  stopAccepting(): void;
  holdsConnections(): boolean;
  /** The number may be somebody else's by now: nothing is produced under it until `unfence`. */
  fence(): void;
  unfence(): void;
  /** Resolves when no connection is left. */
  closePaced(): Promise<void>;
  closeRest(): void;
  /** Resolves when everything accepted was handed over. */
  flush(): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
  reloadCertificates(): Promise<void>;
  /** Records that wait for the bus to take them. */
  readonly waiting: number;
  /** Null for a node that holds no connections. */
  readonly gateway: Gateway | null;
  /** Null for a node that calls no backend. */
  readonly backend: BackendDispatcher | null;
  conditions(): Readonly<Record<string, DependencyCondition>>;
}
