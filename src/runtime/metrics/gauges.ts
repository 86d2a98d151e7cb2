import type { BreakerState } from '../backend/backend-metrics.ts';

/** What a node holds at the moment: asked when metrics are scraped, so keeping it costs nothing in between. */
export interface Gauges {
  connections(): Iterable<ConnectionCount>;
  /** State of the connection machine → connections in it. */
  connectionStates(): Iterable<readonly [state: string, count: number]>;
  sockets(): number;
  users(): number;
  rooms(): number;
  /** Bytes that wait for clients, all connections together. */
  bufferedBytes(): number;
  /** Log lines lost since the process began, because nobody read them. */
  droppedLogLines(): number;
  backend(): BackendGauges;
  /** Records not yet consumed; 0 without Kafka. */
  kafkaConsumerLag(): number;
  /** Records of clients that wait for the bus to take them. */
  upstreamQueue(): number;
  /** Distance of heartbeats in ms, of each connection. */
  heartbeatIntervals(): Iterable<number>;
  /** State of the node machine; of a nested one its outermost. */
  nodePhase(): string;
  /** What the node cannot work without → whether it has it. */
  dependencies(): Iterable<readonly [dependency: string, isUp: boolean]>;
  /** Nodes of the cluster that this one sees, by role; nothing on a single node. */
  clusterNodes(): Iterable<readonly [role: string, count: number]>;
  /** Ms for which the node number surely is this node's, 0 when it is not; null where numbers are not leased. */
  leaseRemaining(): number | null;
}

export interface ConnectionCount {
  readonly transport: string;
  readonly protocol: string;
  readonly count: number;
}

export interface BackendGauges {
  /** Records that wait for the backend. */
  readonly queued: number;
  /** Calls on the way. */
  readonly inFlight: number;
  readonly breaker: BreakerState;
}
