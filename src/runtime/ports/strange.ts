import type { MachineName } from './census.ts';

/** What somebody should look at, found without being told what to look for. Each list is bounded, the worst first. */
export interface Strange {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly node: string;
  readonly overdue: readonly Overdue[];
  readonly loops: readonly ReconnectLoop[];
  readonly backoff: readonly BackoffCluster[];
  readonly slow: readonly SlowRoom[];
}

/** A connection or socket that is longer in a state than a delay of the state allows. */
export interface Overdue {
  readonly machine: Exclude<MachineName, 'node'>;
  /** Public id of the connection. */
  readonly connection: string;
  /** Public id of the socket; only where it is the socket's machine. */
  readonly socket?: string;
  readonly user: string;
  readonly address: string;
  /** Path of the state. */
  readonly state: string;
  /** Since when, milliseconds since 1970. */
  readonly since: number;
  readonly delay: string;
  /** What the delay allows, ms; null where it differs from row to row. */
  readonly limit: number | null;
  /** False: nothing will ever end it. */
  readonly armed: boolean;
}

/** Somebody who comes again and again and does not stay. */
export interface ReconnectLoop {
  readonly by: 'user' | 'address';
  readonly key: string;
  /** Times it came within `within` ms. */
  readonly connects: number;
  readonly within: number;
  /** Connections it has now. */
  readonly connections: number;
}

/** A network in which many do not answer their pings. */
export interface BackoffCluster {
  /** `203.0.113.0/24`, `2001:db8:1::/48`. */
  readonly network: string;
  /** Connections whose heartbeat backs off, or whose ping is unanswered for longer than a good answer takes. */
  readonly silent: number;
  /** Of so many connections from there. */
  readonly connections: number;
}

/** A room whose members do not read as fast as they are written to. */
export interface SlowRoom {
  readonly namespace: string;
  /** Null for those in no room. */
  readonly room: string | null;
  /** Members with bytes waiting. */
  readonly behind: number;
  readonly members: number;
  /** Bytes that wait for them in all. */
  readonly bufferedBytes: number;
  /** How long the slowest has not caught up, ms. */
  readonly longest: number;
}
