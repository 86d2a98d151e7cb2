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
