import uWS, { type WebSocketBehavior } from 'uWebSockets.js';
import type { Engine } from '../../runtime/connection/engine.ts';
import { type ConnectionSocket, closedEarly, type Handle, isVisitor, opened } from './web-socket-upgrade.ts';

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
    open: opened,
    message: (webSocket, message, isBinary) => {
      const handle = webSocket as Handle;
      const { connection } = handle;
      if (isVisitor(connection)) connection.received(handle, new Uint8Array(message), isBinary);
      else engine.received(connection, handle, new Uint8Array(message), isBinary);
    },
    pong: (webSocket) => {
      const handle = webSocket as Handle;
      if (!isVisitor(handle.connection)) engine.ponged(handle.connection, handle);
    },
    drain: (webSocket) => {
      const handle = webSocket as Handle;
      if (!isVisitor(handle.connection)) engine.drained(handle.connection, handle);
    },
    dropped: (webSocket) => {
      const handle = webSocket as Handle;
      if (!isVisitor(handle.connection)) engine.dropped(handle.connection, handle);
    },
    close: (webSocket, code, message) => {
      const handle = webSocket as Handle;
      if (closedEarly(handle)) return;
      const { connection } = handle;
      if (isVisitor(connection)) return connection.closed();
      const fault = code === CUT_OFF ? Buffer.from(message).toString() : '';
      if (fault === TOO_BIG) engine.webSocketOverflowed(connection, handle);
      else engine.webSocketClosed(connection, handle, fault === '' && code !== PROTOCOL_ERROR);
    },
  };
}

/** The TCP connection ended without a close frame; the library's text says so if it was for a fault of the peer's. */
const CUT_OFF = 1006;
const TOO_BIG = 'Received too big message';
/** Either side's close code for a peer that broke the WebSocket protocol. */
const PROTOCOL_ERROR = 1002;
