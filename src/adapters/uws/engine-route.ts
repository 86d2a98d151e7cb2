import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t } from 'uWebSockets.js';
import { decodeJsonpBody, isJsonpIndex } from '../../runtime/codec/jsonp.ts';
import type { Connection } from '../../runtime/connection/connection.ts';
import type { Engine, HandshakeOutcome } from '../../runtime/connection/engine.ts';
import { type EngineQuery, parseEngineQuery } from '../../runtime/connection/engine-query.ts';
import type { Handshake } from '../../runtime/connection/handshake.ts';
import { ENGINE_ERRORS, type EngineErrorName } from '../../runtime/errors/engine-error.ts';
import { toDecimal } from '../../runtime/identity/snowflake-decimal.ts';
import type { SessionName } from '../../runtime/ports/peers.ts';
import type { Elsewhere } from './elsewhere.ts';
import { packHeaders } from './handshake-headers.ts';
import { statusLine } from './http-status.ts';
import type { OriginPolicy } from './origin-policy.ts';
import type { PeerAddress } from './peer-address.ts';
import { receiveBody } from './request-body.ts';
import { UwsPoll } from './uws-poll.ts';
import type { Visitor } from './visitor.ts';
import { type WebSocketRoute, webSocketBehavior } from './web-socket-route.ts';
import {
  acceptUpgrade,
  acceptUpgradeLater,
  type ConnectionSocket,
  readUpgrade,
  refuseHandshake,
  type UpgradeRequest,
} from './web-socket-upgrade.ts';

export interface EngineRouteOptions extends WebSocketRoute {
  readonly engine: Engine;
  readonly origins: OriginPolicy;
  readonly addresses: PeerAddress;
  readonly maxPayload: number;
  readonly jsonp: boolean;
  /** Name of the affinity cookie, or empty. */
  readonly cookie: string;
  readonly secureCookie: boolean;
  readonly speaks: 'socket.io' | 'engine.io';
  /** Sessions of other nodes; null in a single process. */
  readonly elsewhere: Elsewhere | null;
}

/**
 * Engine.IO over HTTP on one path: handshake, long-polling GET and POST, and the WebSocket upgrade.
 * Source: Engine.IO protocol, "Transports"; error answers in `ENGINE_ERRORS`.
 */
export class EngineRoute {
  private readonly options: EngineRouteOptions;

  constructor(options: EngineRouteOptions) {
    this.options = options;
  }

  install(app: TemplatedApp, path: string): void {
    for (const pattern of [path, path.slice(0, -1)]) {
      app.ws<ConnectionSocket>(pattern, {
        ...webSocketBehavior(this.options),
        upgrade: (response, request, context) => this.upgrade(response, request, context),
      });
      app.get(pattern, (response, request) => this.get(response, request));
      app.post(pattern, (response, request) => this.post(response, request));
      app.options(pattern, (response, request) => this.preflight(response, request));
      app.any(pattern, (response, request) => {
        this.refuse(response, request.getHeader('origin'), 'badHandshakeMethod');
      });
    }
  }

  private get(response: HttpResponse, request: HttpRequest): void {
    const origin = request.getHeader('origin');
    const query = request.getQuery() ?? '';
    const parsed = parseEngineQuery(query);
    const problem = this.check(request, origin, parsed);
    if (problem !== null) return this.refuse(response, origin, problem);
    if (parsed.jsonp !== '' && !(this.options.jsonp && isJsonpIndex(parsed.jsonp))) {
      return this.refuse(response, origin, 'badRequest');
    }
    if (parsed.transport !== 'polling') return this.refuse(response, origin, 'badRequest');
    if (parsed.sid === '') return this.handshake(response, request, origin, query, parsed);
    const connection = this.session(parsed);
    const poll = new UwsPoll(response, this.options.origins, origin, parsed.jsonp);
    if (connection === null) {
      const home = this.options.elsewhere?.homeOf(parsed.sid) ?? null;
      if (home === null) return this.refuse(response, origin, 'unknownSession');
      return this.options.elsewhere!.poll(response, home, this.nameOf(parsed), poll, (name) =>
        this.refuse(response, origin, name),
      );
    }
    response.onAborted(() => {
      if (poll.aborted) return;
      poll.aborted = true;
      this.options.engine.polling.aborted(connection, poll);
    });
    const refusal = this.options.engine.polling.poll(connection, poll);
    if (refusal !== null) {
      poll.aborted = true;
      this.refuse(response, origin, refusal);
    }
  }

  private handshake(
    response: HttpResponse,
    request: HttpRequest,
    origin: string,
    query: string,
    parsed: EngineQuery,
  ): void {
    const handshake = this.read(response, request, query);
    const poll = new UwsPoll(response, this.options.origins, origin, parsed.jsonp);
    const base64 = parsed.base64 || parsed.jsonp !== '';
    const outcome = this.options.engine.handshake(
      handshake,
      this.options.speaks,
      parsed.eio as 3 | 4,
      base64,
    );
    const finish = (settled: HandshakeOutcome) => {
      if (typeof settled === 'string') {
        if (poll.aborted) return;
        poll.aborted = true;
        return this.refuse(response, origin, settled);
      }
      if (poll.aborted) return this.options.engine.abandoned(settled);
      if (this.options.cookie !== '') poll.cookie = this.cookie(settled);
      this.options.engine.openedByPolling(settled, poll);
    };
    response.onAborted(() => {
      poll.aborted = true;
    });
    if (outcome instanceof Promise) outcome.then(finish);
    else finish(outcome);
  }

  private post(response: HttpResponse, request: HttpRequest): void {
    const origin = request.getHeader('origin');
    const parsed = parseEngineQuery(request.getQuery() ?? '');
    const problem = this.check(request, origin, parsed);
    if (problem !== null) return this.refuse(response, origin, problem);
    if (parsed.sid === '') return this.refuse(response, origin, 'badHandshakeMethod');
    const connection = this.session(parsed);
    const home = connection === null ? (this.options.elsewhere?.homeOf(parsed.sid) ?? null) : null;
    if (connection === null && home === null) return this.refuse(response, origin, 'unknownSession');
    if (parsed.transport !== 'polling') return this.refuse(response, origin, 'badRequest');
    if (parsed.jsonp !== '' && !this.options.jsonp) return this.refuse(response, origin, 'badRequest');
    const binary = request.getHeader('content-type').startsWith('application/octet-stream');
    const announced = Number(request.getHeader('content-length') || 0);
    if (connection === null) return this.postElsewhere(response, origin, parsed, home!, binary, announced);
    const { polling } = this.options.engine;
    const posting = polling.beginPost(connection, binary);
    if (typeof posting === 'string') return this.refuse(response, origin, posting);
    receiveBody(response, announced, this.options.maxPayload, (body) => {
      if (body === 'aborted') return polling.postAborted(posting);
      if (body === 'too large') {
        polling.postTooLarge(posting);
        return this.refuse(response, origin, 'payloadTooLarge');
      }
      const packets = parsed.jsonp === '' ? body : decodeJsonpBody(body);
      const refusal = polling.post(posting, packets, binary);
      if (refusal !== null) return this.refuse(response, origin, refusal);
      this.taken(response, origin);
    });
  }

  private postElsewhere(
    response: HttpResponse,
    origin: string,
    parsed: EngineQuery,
    home: number,
    binary: boolean,
    announced: number,
  ): void {
    const posted = { announced, binary, jsonp: parsed.jsonp !== '' };
    this.options.elsewhere!.receivePost(response, home, this.nameOf(parsed), posted, (refusal) => {
      if (refusal === null) this.taken(response, origin);
      else this.refuse(response, origin, refusal);
    });
  }

  private taken(response: HttpResponse, origin: string): void {
    response.cork(() => {
      response.writeHeader('Content-Type', 'text/html');
      response.writeHeader('Cache-Control', 'no-store');
      this.options.origins.writeHeaders(response, origin);
      response.end('ok');
    });
  }

  private nameOf(parsed: EngineQuery): SessionName {
    return { sid: parsed.sid, speaks: this.options.speaks, revision: parsed.eio as 3 | 4 };
  }

  private upgrade(response: HttpResponse, request: HttpRequest, context: us_socket_context_t): void {
    if (refuseHandshake(response, request)) return;
    const origin = request.getHeader('origin');
    const query = request.getQuery() ?? '';
    const parsed = parseEngineQuery(query);
    const problem = this.check(request, origin, parsed);
    if (problem !== null) return this.refuse(response, origin, problem);
    if (parsed.transport !== 'websocket') return this.refuse(response, origin, 'badRequest');
    const upgrade = readUpgrade(request, context);
    if (parsed.sid !== '') {
      const connection = this.session(parsed);
      if (connection === null) return this.upgradeElsewhere(response, origin, parsed, upgrade);
      const refusal = this.options.engine.mayUpgrade(connection);
      if (refusal !== null) return this.refuse(response, origin, refusal);
      return acceptUpgrade(response, upgrade, connection, this.options.engine);
    }
    const { engine } = this.options;
    const handshake = this.read(response, request, query);
    const outcome = engine.handshake(handshake, this.options.speaks, parsed.eio as 3 | 4, parsed.base64);
    if (!(outcome instanceof Promise)) {
      if (typeof outcome === 'string') return this.refuse(response, origin, outcome);
      return acceptUpgrade(response, upgrade, outcome, engine);
    }
    let aborted = false;
    response.onAborted(() => {
      aborted = true;
    });
    outcome.then((settled) => {
      if (aborted) {
        if (typeof settled !== 'string') engine.abandoned(settled);
      } else if (typeof settled === 'string') {
        this.refuse(response, origin, settled);
      } else {
        acceptUpgradeLater(response, upgrade, settled, engine);
      }
    });
  }

  private upgradeElsewhere(
    response: HttpResponse,
    origin: string,
    parsed: EngineQuery,
    upgrade: UpgradeRequest,
  ): void {
    const { elsewhere } = this.options;
    const home = elsewhere?.homeOf(parsed.sid) ?? null;
    if (elsewhere === null || home === null) return this.refuse(response, origin, 'unknownSession');
    const { engine } = this.options;
    const accept = (visitor: Visitor) => acceptUpgradeLater(response, upgrade, visitor, engine);
    const refuse = (name: EngineErrorName) => this.refuse(response, origin, name);
    elsewhere.upgrade(response, home, this.nameOf(parsed), accept, refuse);
  }

  private preflight(response: HttpResponse, request: HttpRequest): void {
    const origin = request.getHeader('origin');
    if (!this.options.origins.allows(origin, request.getHeader('host'))) {
      return this.refuse(response, origin, 'forbidden');
    }
    const headers = request.getHeader('access-control-request-headers');
    response.cork(() => {
      response.writeStatus(statusLine(204));
      this.options.origins.writeHeaders(response, origin);
      response.writeHeader('Access-Control-Allow-Methods', 'GET, POST, OPTIONS');
      if (/^[A-Za-z0-9, _-]{1,500}$/.test(headers))
        response.writeHeader('Access-Control-Allow-Headers', headers);
      response.writeHeader('Access-Control-Max-Age', '600');
      response.end();
    });
  }

  private check(request: HttpRequest, origin: string, parsed: EngineQuery): EngineErrorName | null {
    if (origin !== '' && !this.options.origins.allows(origin, request.getHeader('host'))) return 'forbidden';
    if (parsed.transport === 'unknown') return 'unknownTransport';
    return parsed.eio === 0 ? 'unsupportedProtocol' : null;
  }

  /** The connection of the sid, if it speaks the revision and the path of this request. */
  private session(parsed: EngineQuery): Connection | null {
    return this.options.engine.find(parsed.sid, this.options.speaks, parsed.eio as 3 | 4);
  }

  private read(response: HttpResponse, request: HttpRequest, query: string): Handshake {
    return {
      address: this.options.addresses.of(response, request),
      query,
      headers: packHeaders(request),
    };
  }

  /** Tells a load balancer where the session lives. The public id will do; the sid is a credential. */
  private cookie(connection: Connection): string {
    const id = toDecimal(connection.idHigh, connection.idLow);
    const secure = this.options.secureCookie ? '; Secure' : '';
    return `${this.options.cookie}=${id}; Path=/; HttpOnly; SameSite=Lax${secure}`;
  }

  private refuse(response: HttpResponse, origin: string, name: EngineErrorName): void {
    const { status, code, message } = ENGINE_ERRORS[name];
    this.options.engine.refused(name);
    response.cork(() => {
      response.writeStatus(statusLine(status));
      response.writeHeader('Content-Type', 'application/json');
      if (name !== 'forbidden') this.options.origins.writeHeaders(response, origin);
      response.end(JSON.stringify({ code, message }));
    });
  }
}
