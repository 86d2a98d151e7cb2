/**
 * Leases on node numbers, and with them the list of nodes that live (Redis). An *incarnation* is one holding of a
 * number: `number` and `epoch`, which never repeats. Time is the store's own, so clocks of nodes do not matter.
 *
 * Promises reject with `HoldfastError('unavailable' | 'deadline_exceeded')` when the store cannot be asked.
 */
export interface LeaseStore {
  /**
   * Asks for a number: `wanted`, or the one this name had before under the same version, or `previous` if nobody has it,
   * or a fresh one.
   */
  acquire(request: LeaseRequest): Promise<LeaseOutcome>;
  /** Prolongs it, unless it is lost. */
  renew(
    lease: LeaseHolding,
    reached: number,
    load: Readonly<Record<string, number>>,
    ttl: number,
  ): Promise<Renewal>;
  /** Gives it back; nothing is left to bury. */
  release(lease: LeaseHolding): Promise<void>;
  /** The nodes whose lease holds, and those that may come back: it ran out, and nobody has begun to bury them. */
  nodes(): Promise<readonly NodeRecord[]>;
  /** Incarnations whose lease ran out and that are not buried yet. */
  dead(): Promise<readonly NodeRecord[]>;
  /** One undertaker at a time: true for the one that may go on for `ttl` ms; the same one may ask again. */
  claimBurial(incarnation: Incarnation, owner: string, ttl: number): Promise<boolean>;
  /** Nothing is left of the incarnation. */
  buried(incarnation: Incarnation): Promise<void>;
}

/**
 * `lost`: it ran out and was given to somebody else, or is being buried. `forgotten`: the store has lost what it knew of
 * the incarnation, so that nobody can bury it.
 */
export type Renewal = 'renewed' | 'lost' | 'forgotten';

export interface Incarnation {
  readonly number: number;
  readonly epoch: number;
}

export interface LeaseHolding extends Incarnation {
  /** Random, of this process. */
  readonly owner: string;
}

export interface LeaseRequest {
  /** Stable over restarts: the number is inherited by it. */
  readonly name: string;
  readonly owner: string;
  /** `cluster.nodeId`, or null for any. */
  readonly wanted: number | null;
  /** What this process had before, for a store that has forgotten it; null for none. */
  readonly previous: number | null;
  readonly role: NodeRole;
  readonly version: string;
  /** `host:port` of the listener for other nodes; empty when there is none. */
  readonly address: string;
  /** `host:port` at which it is asked on behalf of operators; empty when it is not. */
  readonly inspectAddress: string;
  /** Life of the lease, ms. */
  readonly ttl: number;
}

export type NodeRole = 'gateway' | 'api';

export type LeaseOutcome =
  | (Incarnation & {
      readonly kind: 'granted';
      /** Smallest number that none of `nodes` has: the partition of its mailbox. */
      readonly slot: number;
      /** Ms since 1970: no id later than this was issued under the number. */
      readonly reached: number;
    })
  | {
      readonly kind: 'held';
      /** Name of the holder. */
      readonly by: string;
      /** Ms since 1970 at which it runs out unless renewed. */
      readonly until: number;
    };

/** What is known of a node. */
export interface NodeRecord extends Incarnation {
  readonly slot: number;
  readonly role: NodeRole;
  readonly version: string;
  readonly address: string;
  readonly inspectAddress: string;
  readonly name: string;
  /** Ms since 1970, by the store's clock; in the past for one that may come back. */
  readonly leaseUntil: number;
  readonly load: Readonly<Record<string, number>>;
}
