import type { HttpRequest, HttpResponse, us_socket_context_t, WebSocket } from 'uWebSockets.js';
import type { Connection } from '../../runtime/connection/connection.ts';
import type { Engine } from '../../runtime/connection/engine.ts';
import { ENGINE_ERRORS } from '../../runtime/errors/engine-error.ts';
import { statusLine } from './http-status.ts';
import type { Visitor } from './visitor.ts';

/** What hangs on the socket library's WebSocket object. */
export interface ConnectionSocket {
  /** Its connection, or a visitor until its session has come from another node. */
  connection: Connection | Visitor;
}

export type Handle = WebSocket<ConnectionSocket> & ConnectionSocket;

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
 * Refuses what is no WebSocket handshake, and one of another version than the one there is, and says which that is.
 * True when it did. Source: RFC 6455 §4.2.1, item 4, and §4.2.2, item 4.
 */
export function refuseHandshake(response: HttpResponse, request: HttpRequest): boolean {
  if (!/\bupgrade\b/i.test(request.getHeader('connection'))) {
    response.cork(() => {
      const { status, message } = ENGINE_ERRORS.badRequest;
      response.writeStatus(statusLine(status)).writeHeader('Content-Type', 'text/plain').end(message);
    });
    return true;
  }
  if (request.getHeader('sec-websocket-version') === '13') return false;
  response.cork(() => {
    response.writeStatus('426 Upgrade Required').writeHeader('Sec-WebSocket-Version', '13').end();
  });
  return true;
}

/** Answers 101, within the request's callback. */
export function acceptUpgrade(
  response: HttpResponse,
  upgrade: UpgradeRequest,
  owner: Connection | Visitor,
  engine: Engine,
): void {
  response.upgrade(NO_DATA, upgrade.key, upgrade.protocol, upgrade.extensions, upgrade.context);
  announce(openings.pop() as Handle | undefined, owner, engine);
}

/**
 * Answers 101 after the request's callback, when somebody had to be asked first.
 *
 * At the end of such a cork the library still takes the socket for an HTTP response, and reads a flag of it from
 * memory that the upgrade has given back; whatever was put there meanwhile may say that the connection is to be closed
 * (uWebSockets pull request 1929, in no release that runs on Node 20). So nothing of ours runs in the cork, not even a
 * function that the JavaScript engine may want memory to compile. Without a cork the answer would leave in twenty
 * pieces, at four times the cost.
 */
export function acceptUpgradeLater(
  response: HttpResponse,
  upgrade: UpgradeRequest,
  owner: Connection | Visitor,
  engine: Engine,
): void {
  const { key, protocol, extensions, context } = upgrade;
  response.cork(response.upgrade.bind(response, NO_DATA, key, protocol, extensions, context));
  const handle = openings.pop() as Handle | undefined;
  if (handle === undefined) announce(handle, owner, engine);
  else handle.cork(() => announce(handle, owner, engine));
}

const NO_DATA = Object.freeze({});
/** A WebSocket that has just opened, until its owner hears of it: the library opens it before `upgrade` returns. */
const openings: WebSocket<ConnectionSocket>[] = [];
/**
 * The last handle opened. While one of its shape lives, the engine keeps the code it has compiled for that shape;
 * after a quiet hour in which all had gone it would begin anew.
 */
const exemplar: { handle: Handle | null } = { handle: null };

/** What the library calls with a new WebSocket. */
export const opened: (webSocket: WebSocket<ConnectionSocket>) => void = openings.push.bind(openings);

/** Whether it is gone again before its owner has heard of it, who then hears only that. */
export function closedEarly(handle: Handle): boolean {
  if (openings.at(-1) !== handle) return false;
  openings.pop();
  return true;
}

function announce(handle: Handle | undefined, owner: Connection | Visitor, engine: Engine): void {
  if (handle === undefined) {
    if (isVisitor(owner)) owner.closed();
    else engine.abandoned(owner);
    return;
  }
  handle.connection = owner;
  exemplar.handle = handle;
  if (isVisitor(owner)) owner.opened(handle);
  else engine.webSocketOpened(owner, handle);
}

/** Rows of connections start at 0. */
export function isVisitor(owner: Connection | Visitor): owner is Visitor {
  return owner.row < 0;
}
