import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t } from 'uWebSockets.js';
import { ENGINE_ERRORS, type EngineErrorName } from '../../runtime/errors/engine-error.ts';
import { packHeaders } from './handshake-headers.ts';
import { statusLine } from './http-status.ts';
import type { OriginPolicy } from './origin-policy.ts';
import type { PeerAddress } from './peer-address.ts';
import { type WebSocketRoute, webSocketBehavior } from './web-socket-route.ts';
import {
  acceptUpgrade,
  acceptUpgradeLater,
  type ConnectionSocket,
  readUpgrade,
  refuseHandshake,
} from './web-socket-upgrade.ts';

export interface PlainRouteOptions extends WebSocketRoute {
  readonly origins: OriginPolicy;
  readonly addresses: PeerAddress;
}

/** Plain WebSockets: each frame is event `message` with one argument. */
export class PlainRoute {
  private readonly options: PlainRouteOptions;

  constructor(options: PlainRouteOptions) {
    this.options = options;
  }

  install(app: TemplatedApp, path: string): void {
    app.ws<ConnectionSocket>(path, {
      ...webSocketBehavior(this.options),
      upgrade: (response, request, context) => this.upgrade(response, request, context),
    });
    app.any(path, (response) => {
      response.writeStatus('426 Upgrade Required').writeHeader('Upgrade', 'websocket').end();
    });
  }

  private upgrade(response: HttpResponse, request: HttpRequest, context: us_socket_context_t): void {
    if (refuseHandshake(response, request)) return;
    const { origins, addresses, engine } = this.options;
    const origin = request.getHeader('origin');
    if (!origins.allows(origin, request.getHeader('host'))) return this.refuse(response, 'forbidden');
    const upgrade = readUpgrade(request, context);
    const handshake = {
      address: addresses.of(response, request),
      // Undefined, whatever the types say, when the URL has no `?`.
      query: request.getQuery() ?? '',
      headers: packHeaders(request),
    };
    const outcome = engine.handshake(handshake, 'websocket', 4, false);
    if (!(outcome instanceof Promise)) {
      if (typeof outcome === 'string') return this.refuse(response, outcome);
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
        this.refuse(response, settled);
      } else {
        acceptUpgradeLater(response, upgrade, settled, engine);
      }
    });
  }

  private refuse(response: HttpResponse, name: EngineErrorName): void {
    const { status, message } = ENGINE_ERRORS[name];
    this.options.engine.refused(name);
    response.cork(() => {
      response.writeStatus(statusLine(status)).writeHeader('Content-Type', 'text/plain').end(message);
    });
  }
}
