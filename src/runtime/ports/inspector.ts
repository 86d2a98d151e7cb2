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
  /** Throws `HoldfastError('invalid_argument')` for a search that nothing can match. */
  connections(search: ConnectionSearch): Promise<readonly FoundConnection[]>;
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

/** What a connection has to match, all of it. What concerns sockets must be true of one socket. */
export interface ConnectionSearch {
  /** Whose `state` is meant; the connection's unless told. */
  readonly machine?: 'connection' | 'socket';
  /** Path of a state, such as `open.transport.polling`, or a configuration, such as `open.polling.calm.alone`. */
  readonly state?: string;
  readonly transport?: string;
  readonly protocol?: string;
  readonly namespace?: string;
  readonly user?: string;
  readonly room?: string;
  /** An address or a CIDR block. */
  readonly address?: string;
  /** Id of the connection or of a socket, user, room or address, or how one of them begins. */
  readonly q?: string;
  /** `oldest`: those first that have been in the state for longest. In no particular order unless told. */
  readonly sort?: string;
  readonly limit: number;
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

export interface FoundConnection extends InspectedConnection {
  /** When it entered the state asked for, milliseconds since 1970; when it opened if none was. */
  readonly since: number;
  /** Of the first socket that has one; empty without login. */
  readonly user: string;
  readonly sockets: readonly Omit<InspectedSocket, 'rooms'>[];
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
