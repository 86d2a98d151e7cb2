import uWS, {
  type HttpRequest,
  type HttpResponse,
  type us_socket_context_t,
  type WebSocket,
  type WebSocketBehavior,
} from 'uWebSockets.js';
import type { Connection } from '../../runtime/connection/connection.ts';
import type { Engine } from '../../runtime/connection/engine.ts';
import type { Visitor } from './visitor.ts';

/** What hangs on the socket library's WebSocket object. */
export interface ConnectionSocket {
  /** Its connection, or a visitor until its session has come from another node. */
  connection: Connection | Visitor;
}

type Handle = WebSocket<ConnectionSocket> & ConnectionSocket;

export interface WebSocketRoute {
  readonly engine: Engine;
  readonly maxPayload: number;
  /** `slowConsumer.maxBytes`. */
  readonly maxBackpressure: number;
  readonly compression: boolean;
}

/** What of a WebSocket handshake outlives the request's callback. */
export interface UpgradeRequest {
  readonly key: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly context: us_socket_context_t;
}

export function readUpgrade(request: HttpRequest, context: us_socket_context_t): UpgradeRequest {
  return {
    key: request.getHeader('sec-websocket-key'),
    protocol: request.getHeader('sec-websocket-protocol'),
    extensions: request.getHeader('sec-websocket-extensions'),
    context,
  };
}

/**
 * Refuses a handshake of another version than the one there is, and says which that is. True when it did.
 * Source: RFC 6455 §4.2.2, item 4.
 */
export function refuseVersion(response: HttpResponse, request: HttpRequest): boolean {
  if (request.getHeader('sec-websocket-version') === '13') return false;
  response.cork(() => {
    response.writeStatus('426 Upgrade Required').writeHeader('Sec-WebSocket-Version', '13').end();
  });
  return true;
}

/**
 * Answers 101. The library opens the WebSocket before this returns, so the connection is handed over in a variable:
 * copying it over as user data, property by property, is what the library is slow at.
 */
export function acceptUpgrade(
  response: HttpResponse,
  upgrade: UpgradeRequest,
  connection: Connection | Visitor,
): void {
  upgrading = connection;
  response.upgrade(NO_DATA, upgrade.key, upgrade.protocol, upgrade.extensions, upgrade.context);
  upgrading = null;
}

let upgrading: Connection | Visitor | null = null;
/**
 * The last handle opened. While one of its shape lives, the engine keeps the code it has compiled for that shape;
 * after a quiet hour in which all had gone it would begin anew.
 */
const exemplar: { handle: Handle | null } = { handle: null };
const NO_DATA = Object.freeze({});

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
      handle.connection = upgrading!;
      exemplar.handle = handle;
      if (isVisitor(handle.connection)) handle.connection.opened(handle);
      else engine.webSocketOpened(handle.connection, handle);
    },
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
      const { connection } = handle;
      if (isVisitor(connection)) return connection.closed();
      const fault = code === CUT_OFF ? Buffer.from(message).toString() : '';
      if (fault === TOO_BIG) engine.webSocketOverflowed(connection, handle);
      else engine.webSocketClosed(connection, handle, fault === '' && code !== PROTOCOL_ERROR);
    },
  };
}

/** Rows of connections start at 0. */
function isVisitor(owner: Connection | Visitor): owner is Visitor {
  return owner.row < 0;
}

/** The TCP connection ended without a close frame; the library's text says so if it was for a fault of the peer's. */
const CUT_OFF = 1006;
const TOO_BIG = 'Received too big message';
/** Either side's close code for a peer that broke the WebSocket protocol. */
const PROTOCOL_ERROR = 1002;
