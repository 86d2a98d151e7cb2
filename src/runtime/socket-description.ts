/**
 * A socket as backends see it: the `socket` object of every `BackendService` call and of `ListSockets`.
 * A snapshot: it does not change when the socket does.
 */
export interface SocketDescription {
  /** Public id: a decimal Snowflake. Never the Engine.IO `sid`. */
  readonly id: string;
  /** Empty when nobody logged in. */
  readonly user: string;
  readonly namespace: string;
  readonly rooms: readonly string[];
  readonly transport: 'polling' | 'websocket';
  readonly address: string;
  readonly locale: string;
  readonly authType: string;
  readonly clientVersion: string;
  readonly protocol: ProtocolName;
}

export type ProtocolName = 'socket.io/5' | 'socket.io/4' | 'engine.io/4' | 'engine.io/3' | 'websocket';
