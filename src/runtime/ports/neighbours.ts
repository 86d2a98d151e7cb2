import type { NodeRole } from './lease-store.ts';

/**
 * The nodes of a cluster as operators see them from any one of them, and the way to the others. A node that does not
 * answer is said to and never waited for longer than a second or so.
 */
export interface Neighbours {
  /** All nodes, by number; this one is among them. Never rejects. */
  all(): Promise<readonly NodeReport[]>;
  /** How this one is. */
  vitals(): NodeVitals;
  /**
   * The node of this number or name; null for this one. Throws `HoldfastError`: `not_found` when there is none,
   * `unavailable` when it cannot be asked.
   */
  find(name: string): Neighbour | null;
  /** The others that hold connections. */
  gateways(): readonly Neighbour[];
  /**
   * Asks another node in the name of an operator. Throws `HoldfastError('unavailable')` when it does not answer. Aborting
   * ends the answer, which may be a stream without end.
   */
  pass(to: Neighbour, request: PassedRequest, aborted: AbortSignal): Promise<PassedAnswer>;
}

/** Another node. */
export interface Neighbour {
  readonly number: number;
  /** `host:port` at which it is asked. */
  readonly inspectAddress: string;
}

/** What a node says of itself. */
export interface NodeVitals {
  /** Null while it has none. */
  readonly number: number | null;
  readonly version: string;
  /** Of the node machine: `ready`, `draining.closing`. */
  readonly state: string;
  readonly connections: number;
  readonly load: NodeLoad;
  /** How late the event loop runs what is due, ms; null while nothing was measured. */
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number } | null;
  /** Records of the log that nobody has consumed yet, of the partitions it reads; null where it reads none. */
  readonly kafkaLag: number | null;
}

/** Over the last seconds in which somebody asked. */
export interface NodeLoad {
  /** Of one core: 1 is a core that does nothing else. */
  readonly cpu: number;
  /** Bytes of memory that the process has. */
  readonly memory: number;
  /** Messages of clients, and to clients, per second. */
  readonly received: number;
  readonly sent: number;
}

/** A node as its lease has it, and as it says. What only it can say is null when it has not. */
export interface NodeReport {
  readonly number: number | null;
  readonly name: string;
  /** `dev` is both in one process. */
  readonly role: NodeRole | 'dev';
  readonly version: string;
  /** Never repeats; null without a lease. */
  readonly incarnation: number | null;
  /** When its lease runs out unless renewed, ms since 1970 by the lease store's clock. */
  readonly leaseUntil: number | null;
  /** The one that was asked for all. */
  readonly self: boolean;
  /** Whether it answered when it was asked last. */
  readonly reachable: boolean;
  /** When it answered last, ms since 1970; null for never. */
  readonly answeredAt: number | null;
  readonly state: string | null;
  /** As its lease says, when it has not answered. */
  readonly connections: number | null;
  readonly load: NodeLoad | null;
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number } | null;
  readonly kafkaLag: number | null;
}

/** What is asked of another node: a request to its admin listener. */
export interface PassedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  /** Who asks, for the other's log: an address. */
  readonly from: string;
  /** How long a stream may be silent before it counts as broken, ms. */
  readonly silence: number;
}

export interface PassedAnswer {
  readonly status: number;
  /** By name in lower case; those only that say something of the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** How nodes are reached. Rejects with `HoldfastError('unavailable')`. */
export interface NodeCourier {
  /** Within a second. */
  vitals(of: Neighbour): Promise<NodeVitals>;
  pass(to: Neighbour, request: PassedRequest, aborted: AbortSignal): Promise<PassedAnswer>;
}
