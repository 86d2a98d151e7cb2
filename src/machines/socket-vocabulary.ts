import type { CloseReason } from './close-reason.ts';

/** Everything the socket machine can be told. */
export const SOCKET_EVENTS = [
  /** The login was accepted. The identity is in the row. */
  'AUTHENTICATED',
  /** The login was refused. Message and data are in the row. */
  'REFUSED',
  /** The client sent a token that is good for longer; the new expiry is in the row. */
  'TOKEN_RENEWED',
  /** The client sent DISCONNECT for this namespace. */
  'CLIENT_DISCONNECTED',
  /** A backend or an operator wants this socket out of its namespace. */
  'DISCONNECT_REQUESTED',
  /** The connection below ends or has ended; its reason is the socket's, too. */
  'CONNECTION_CLOSED',
] as const;

export type SocketEvent = (typeof SOCKET_EVENTS)[number];

/** Everything the socket machine can ask for. */
export const SOCKET_EFFECTS = [
  /** Start the login; answer with AUTHENTICATED or REFUSED, at once or later. */
  'authenticate',
  /** Send CONNECT with the socket's id; the socket joins its own room and can be addressed. */
  'acceptConnect',
  /** Tell the backend (`OnConnect`). */
  'announceConnect',
  /** Send CONNECT_ERROR (an ERROR packet in EIO3). */
  'refuse',
  /** Tell the client that its token ends soon (event `token expiring`). */
  'warnTokenExpiring',
  /** End the connection below with `token expired`. */
  'expireConnection',
  /** Send DISCONNECT, after which stock clients do not come back by themselves. */
  'sendDisconnect',
  /** Tell the backend (`OnDisconnect`). `reason: null` stands for the connection's reason. */
  'announceDisconnect',
  /** Everything is over: leave all rooms, give the row back. */
  'forget',
] as const;

export type SocketEffect = (typeof SOCKET_EFFECTS)[number];

export interface RefusalParams {
  readonly cause: 'invalid namespace' | 'authentication failed' | 'authentication timeout';
}

export interface DisconnectParams {
  readonly reason: CloseReason | null;
}

interface SocketEffectParams {
  readonly refuse: RefusalParams;
  readonly announceDisconnect: DisconnectParams;
}

export type SocketEffects = {
  [Name in SocketEffect]: Name extends keyof SocketEffectParams ? SocketEffectParams[Name] : undefined;
};

/** Everything the socket machine asks about its row. Answers must not depend on effects of the same step. */
export const SOCKET_GUARDS = [
  /** The namespace asked for is served here. */
  'namespaceKnown',
  /** There is a login to wait for. */
  'authenticates',
  /** The login ends at some time. */
  'expires',
] as const;

export type SocketGuard = (typeof SOCKET_GUARDS)[number];

export const SOCKET_DELAYS = [
  /** How long a login may take. */
  'authTimeout',
  /** From now to the warning ahead of the token's expiry. */
  'tokenWarning',
  /** From now to the token's expiry. */
  'tokenExpiry',
] as const;

export type SocketDelay = (typeof SOCKET_DELAYS)[number];
