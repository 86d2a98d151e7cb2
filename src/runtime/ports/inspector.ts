import type { Film, Frame } from '../film/film.ts';

/**
 * A look into the running machines, for the admin listener and the demo's panel. Connections are named by their
 * public id (decimal Snowflake), never by the `sid`, and nothing carries a token or a header. Films show what is in packets only
 * where `inspect.bodies` allows it.
 *
 * Only watched connections keep their frames; watching costs memory and is limited (`inspect.maxWatched`).
 */
export interface Inspector {
  overview(): InspectionOverview;
  /** Connections in one state (or any, with `null`), at most `limit`, in no particular order. */
  connections(state: string | null, limit: number): readonly InspectedConnection[];
  /** `null` when there is no such connection. */
  connection(id: string): InspectedConnectionDetail | null;
  watch(id: string): WatchOutcome;
  /** Ends the film and forgets it. False when there is none. */
  unwatch(id: string): boolean;
  /**
   * Watches a connection and hands out its events as they happen until it closes (`ended`) or the returned
   * function is called. `receive` must not throw. `null` when it cannot be watched.
   */
  follow(id: string, receive: (event: InspectedEvent) => void, ended: () => void): (() => void) | null;
  /** The same with every frame of its film; `event` is what `follow` would have handed out. */
  followFilm(
    id: string,
    receive: (frame: Frame, event: InspectedEvent | null) => void,
    ended: () => void,
  ): (() => void) | null;
  /** The film of a connection that is watched, or was until it ended. `null` when there is none. */
  film(id: string): Film | null;
}

export type WatchOutcome = 'watched' | 'not found' | 'too many';

export interface InspectionOverview {
  readonly node: string;
  readonly connections: number;
  readonly sockets: number;
  readonly users: number;
  readonly rooms: number;
  /** Machine (`connection`, `socket`, `node`) → state → how many are in it. */
  readonly states: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface InspectedConnection {
  readonly id: string;
  /** State of the connection machine, as the machine names it. */
  readonly state: string;
  readonly transport: string;
  readonly protocol: string;
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  readonly watched: boolean;
}

export interface InspectedConnectionDetail extends InspectedConnection {
  readonly sockets: readonly InspectedSocket[];
  /** Bytes that wait for this client. */
  readonly bufferedBytes: number;
  /** Newest last, those among the last `inspect.history` frames; empty unless watched. */
  readonly events: readonly InspectedEvent[];
}

export interface InspectedSocket {
  readonly id: string;
  readonly namespace: string;
  readonly user: string;
  readonly state: string;
  readonly rooms: readonly string[];
}

/** One step of a machine. */
export interface InspectedEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly machine: 'connection' | 'socket';
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly effects: readonly string[];
}
