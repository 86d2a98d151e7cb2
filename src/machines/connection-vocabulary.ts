import type { CloseReason } from './close-reason.ts';

/** Everything the connection machine can be told. */
export const CONNECTION_EVENTS = [
  // Handshake of the flavours that log in before the first packet (`/ws`, `/engine.io/`).
  'AUTHENTICATED',
  'AUTHENTICATION_FAILED',
  // Heartbeat. PACKET_RECEIVED is any packet of the client other than ping and pong.
  'PACKET_RECEIVED',
  'PING_RECEIVED',
  'PONG_RECEIVED',
  // Upgrade. The candidate is a websocket opened with the sid of this connection.
  'CANDIDATE_OPENED',
  'PROBE_RECEIVED',
  'UPGRADE_RECEIVED',
  'CANDIDATE_VIOLATED',
  'CANDIDATE_CLOSED',
  // The candidate is on another node: that node has taken the session over, and says so once more when it runs there.
  'MOVED',
  'SETTLED',
  // It does not, and never will.
  'MOVE_FAILED',
  // Everything that was sent here before now has been read.
  'STRAYS_READ',
  // Namespaces. NAMESPACE_JOINED is sent for each; LAST_NAMESPACE_LEFT when none is joined any more.
  'NAMESPACE_JOINED',
  'LAST_NAMESPACE_LEFT',
  // Polling: a GET came in and is pending. Only matters while closing.
  'POLL_RECEIVED',
  // The transport is gone already: nothing can be sent.
  'TRANSPORT_CLOSED',
  'TRANSPORT_FAILED',
  // The client said goodbye (Engine.IO packet `1`); its transport is still there.
  'CLOSE_PACKET_RECEIVED',
  // The client broke a rule, or used up what it may use.
  'PROTOCOL_VIOLATED',
  'PARSE_FAILED',
  'PAYLOAD_TOO_LARGE',
  'CONSUMER_FELL_BEHIND',
  'SESSION_LIMIT_EXCEEDED',
  'RATE_LIMIT_EXCEEDED',
  'TOKEN_EXPIRED',
  // The server's own decisions and faults.
  'SERVER_SHUTTING_DOWN',
  'CLOSE_REQUESTED',
  'HANDLER_FAILED',
] as const;

export type ConnectionEvent = (typeof CONNECTION_EVENTS)[number];

/** Everything the connection machine can ask for. */
export const CONNECTION_EFFECTS = [
  /** Start the login of a flavour without CONNECT packets; answer with AUTHENTICATED or AUTHENTICATION_FAILED. */
  'authenticate',
  /** Write the Engine.IO open packet (nothing on `/ws`); the connection now counts as open. */
  'sendOpen',
  /** Write an Engine.IO ping (a ping frame on `/ws`). */
  'sendPing',
  /** EIO3: answer the client's ping. */
  'sendPong',
  /** The peer answered in time: a good beat for the adaptive heartbeat. */
  'countBeat',
  /** The peer missed a beat: the adaptive interval falls to `retry`. */
  'dropInterval',
  /** Answer `2probe` on the candidate with `3probe`. */
  'answerProbe',
  /** Answer a pending poll with a noop, so that the client can stop polling. */
  'releasePoll',
  /** The candidate becomes the transport: end the pending poll, flush what waits over the websocket. */
  'completeUpgrade',
  /** The candidate is on another node: end the pending poll and make the session ready to travel there. */
  'beginMove',
  /** Ask the node that took the session over whether it runs there: SETTLED or MOVE_FAILED, or no answer yet. */
  'askNewHome',
  /** The session is another node's: what still comes for its sockets goes there. */
  'passOn',
  /** See to it that STRAYS_READ comes behind all that is on its way to this node by now. */
  'awaitStrays',
  /** Nothing more is to come for a session that moved: give the row back, silently. */
  'vanish',
  /** Close the candidate, if there is one. */
  'closeCandidate',
  /** Close the websocket that has just opened with this sid; the connection is not harmed. */
  'refuseCandidate',
  /** Note the reason, tell the sockets, send close frame or packet. On polling: with the pending poll, if any. */
  'beginClose',
  /** A poll came while closing: answer it with what is left and the close packet, then TRANSPORT_CLOSED. */
  'closePoll',
  /** Note the reason, tell the sockets, end the transport at once without a farewell. */
  'cutOff',
  /** Note the reason, tell the sockets; the transport is gone already. */
  'acceptEnd',
  /** The farewell took too long: end the transport at once. The reason was noted before. */
  'tearDown',
  /** Everything is over: give the row back. */
  'release',
] as const;

export type ConnectionEffect = (typeof CONNECTION_EFFECTS)[number];

export interface ClosingParams {
  readonly reason: CloseReason;
}

interface ConnectionEffectParams {
  readonly beginClose: ClosingParams;
  readonly cutOff: ClosingParams;
  readonly acceptEnd: ClosingParams;
}

export type ConnectionEffects = {
  [Name in ConnectionEffect]: Name extends keyof ConnectionEffectParams
    ? ConnectionEffectParams[Name]
    : undefined;
};

/** Everything the connection machine asks about its row. Answers must not depend on effects of the same step. */
export const CONNECTION_GUARDS = [
  /** The flavour logs in before the connection opens (`/ws`, `/engine.io/` with an auth mode). */
  'authenticatesFirst',
  /** The handshake came over a websocket. */
  'startsOnWebsocket',
  /** Engine.IO 3: the client pings. */
  'clientPings',
  /** `heartbeat.adaptive` is on for this connection. */
  'adaptive',
  /** The candidate is a WebSocket of another node. */
  'candidateIsElsewhere',
  /** The session has moved, and acknowledgements that this node gathers are still to come. */
  'awaitsAcks',
  /** EIO3: a packet was seen less than pingInterval + pingTimeout ago. */
  'heardWithinSilence',
  /** No CONNECT packet will come: `/ws`, `/engine.io/`, and `/` of Socket.IO over EIO3. */
  'joinsImplicitly',
] as const;

export type ConnectionGuard = (typeof CONNECTION_GUARDS)[number];

/** Every timeout of the protocol, in milliseconds once the runtime gives them values. */
export const CONNECTION_DELAYS = [
  /** How long a login before opening may take. */
  'authTimeout',
  /** EIO4: from a beat to the next ping. Computed per row when the heartbeat is adaptive. */
  'pingInterval',
  /** EIO4: from a ping to the verdict. */
  'pingTimeout',
  /** Adaptive: how long to wait before pinging again. */
  'retry',
  /** EIO3: what is left of pingInterval + pingTimeout since the last packet seen. */
  'silence',
  /** How long a candidate may take to finish the upgrade. */
  'upgradeTimeout',
  /** During an upgrade: from one noop for a pending poll to the next. */
  'noopInterval',
  /** How long a Socket.IO client may take to join its first namespace. */
  'connectTimeout',
  /** How long a session may take to travel to another node. */
  'moveTimeout',
  /** From one question whether a session has arrived to the next. */
  'confirmInterval',
  /** How long a session that moved is still answered for here. */
  'strayTime',
  /** How long what is on its way here may take to be read. */
  'strayTimeout',
  /** How long to wait for the peer's end of the transport after our farewell. */
  'closeTimeout',
] as const;

export type ConnectionDelay = (typeof CONNECTION_DELAYS)[number];
