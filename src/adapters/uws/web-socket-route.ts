import uWS, { type WebSocket, type WebSocketBehavior } from 'uWebSockets.js';
import type { Connection } from '../../runtime/connection/connection.ts';
import type { Engine } from '../../runtime/connection/engine.ts';

/** What hangs on the socket library's WebSocket object. */
export interface ConnectionSocket {
  connection: Connection;
  /** Opened with the sid of a polling session, to take its place. */
  isCandidate: boolean;
}

type Handle = WebSocket<ConnectionSocket> & ConnectionSocket;

export interface WebSocketRoute {
  readonly engine: Engine;
  readonly maxPayload: number;
  /** `slowConsumer.maxBytes`. */
  readonly maxBackpressure: number;
  readonly compression: boolean;
}

/** Events of a WebSocket → the engine. The machines own time, so the library's own timeouts and pings are off. */
export function webSocketBehavior(route: WebSocketRoute): WebSocketBehavior<ConnectionSocket> {
  const { engine } = route;
  return {
    maxPayloadLength: route.maxPayload,
    maxBackpressure: route.maxBackpressure,
    idleTimeout: 0,
    sendPingsAutomatically: false,
    compression: route.compression ? uWS.SHARED_COMPRESSOR : uWS.DISABLED,
    open: (webSocket) => {
      const handle = webSocket as Handle;
      if (handle.isCandidate) engine.candidateOpened(handle.connection, handle);
      else engine.openedByWebSocket(handle.connection, handle);
    },
    message: (webSocket, message, isBinary) => {
      const handle = webSocket as Handle;
      engine.received(handle.connection, handle, Buffer.from(message), isBinary);
    },
    pong: (webSocket) => {
      const handle = webSocket as Handle;
      engine.ponged(handle.connection, handle);
    },
    drain: (webSocket) => {
      const handle = webSocket as Handle;
      engine.drained(handle.connection, handle);
    },
    dropped: (webSocket) => {
      const handle = webSocket as Handle;
      engine.dropped(handle.connection, handle);
    },
    close: (webSocket, code) => {
      const handle = webSocket as Handle;
      engine.webSocketClosed(handle.connection, handle, isClean(code));
    },
  };
}

/** 1006 is what the library says when the peer broke the WebSocket protocol or the TCP connection broke. */
function isClean(code: number): boolean {
  return code !== PROTOCOL_ERROR;
}

const PROTOCOL_ERROR = 1002;
