import type { ServerProcess } from '../server-process.ts';

export const SUBJECT_NAMES = ['floor', 'holdfast', 'socket.io-uws', 'socket.io-ws'] as const;
/** Holdfast as several processes with a bus between. */
export const CLUSTER_SUBJECTS = ['cluster-kafka', 'cluster-redis'] as const;
export type SubjectName = (typeof SUBJECT_NAMES)[number] | (typeof CLUSTER_SUBJECTS)[number];

/** One of the servers that are compared. */
export interface Subject {
  readonly name: SubjectName;
  start(settings: ServerSettings): Promise<Server>;
}

export interface ServerSettings {
  /** Milliseconds between two Engine.IO pings; long in scenarios that count CPU, so that no ping falls in. */
  readonly pingInterval: number;
  /** Count the gateway's round trips to Redis; costs a little, so not unless told. */
  readonly countTrips?: boolean;
  /** Another build of Holdfast than `dist/`: path of its `main.js`. */
  readonly program?: string;
}

/** An event for everyone. */
export interface EmitOrder {
  readonly event: string;
  readonly args: readonly unknown[];
  /** How often to emit it within one tick. */
  readonly times: number;
  /** Ask every client for an acknowledgement and resolve when all of them came. */
  readonly ack: boolean;
}

export interface Server {
  readonly process: ServerProcess;
  /** Clients connect here. */
  readonly port: number;
  emit(order: EmitOrder): Promise<{ acked: number }>;
  /** Client events that arrived so far. */
  received(): Promise<number>;
  /** What the server itself says about closed connections and dropped messages; null when it says nothing. */
  losses(): Promise<{ closedAsSlow: number; dropped: number } | null>;
  /** The event loop's delay by the server's own metrics, seconds; null when it has none. */
  ownLoopDelayP99(): Promise<number | null>;
  /** Null for a server of one process. */
  readonly cluster: ClusterServer | null;
  /** Only Holdfast has a push API; null elsewhere. */
  readonly pushPort: number | null;
  /** The same of the admin listener; null in a cluster, too. */
  readonly adminPort: number | null;
}

/** What a cluster has beside the gateway, which is `Server.process`. */
export interface ClusterServer {
  readonly api: ServerProcess;
  /** Begins to measure; the function tells the mean delay of each stage since then, ms. */
  stageDelays(): Promise<() => Promise<Readonly<Record<string, number>>>>;
  /** Records that were ever in the upstream log; null where it is not Kafka. */
  readonly inLog: (() => Promise<number>) | null;
  /** Round trips of the gateway to Redis so far; null when nobody counts. */
  readonly redisTrips: (() => number) | null;
  /** Ends all its processes and services. */
  stop(): Promise<void>;
}
