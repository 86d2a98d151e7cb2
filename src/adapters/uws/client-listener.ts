import uWS, { type TemplatedApp } from 'uWebSockets.js';
import type { Config } from '../../runtime/config/config.ts';
import type { Engine } from '../../runtime/connection/engine.ts';
import { TrustedProxies } from '../../runtime/limits/trusted-proxies.ts';
import type { Publisher } from '../../runtime/ports/web-socket.ts';
import type { Elsewhere } from './elsewhere.ts';
import { EngineRoute } from './engine-route.ts';
import { type Listening, listen, type PortUse } from './listen.ts';
import { OriginPolicy } from './origin-policy.ts';
import { PeerAddress } from './peer-address.ts';
import { PlainRoute } from './plain-route.ts';

/** More routes on the clients' port, such as the demo page. */
export type ExtraRoutes = (app: TemplatedApp) => void;

/**
 * Where clients connect (`clients.listen`): Socket.IO, bare Engine.IO and plain WebSockets on one port, over TLS
 * when certificates are configured.
 *
 * The socket library cannot change the certificate of a listening app. A reload therefore opens a second app on
 * the same port and stops the first one's listening; its connections go on until they end by themselves.
 */
export class ClientListener implements Publisher {
  private readonly config: Config;
  private readonly extra: ExtraRoutes;
  private readonly elsewhere: Elsewhere | null;
  private engine: Engine | null = null;
  private readonly apps: TemplatedApp[] = [];
  private listening: Listening | null = null;

  constructor(config: Config, extra: ExtraRoutes = () => {}, elsewhere: Elsewhere | null = null) {
    this.elsewhere = elsewhere;
    this.config = config;
    this.extra = extra;
  }

  /** Resolves with the port. */
  async start(engine: Engine, use: PortUse = 'exclusive'): Promise<number> {
    this.engine = engine;
    const { host, port } = this.config.clients.listen;
    const app = this.open();
    const first = await listen(app, host, port, use);
    if (!this.hasTls() || use === 'shared') {
      this.listening = first;
      return first.port;
    }
    // Only to find out that nobody else has the port: reloading needs it shared.
    first.stop();
    this.listening = await listen(app, host, first.port, 'shared');
    return first.port;
  }

  /** The same routes in clear on a port of loopback that nobody knows, for as long as the caller wants. */
  async startPrivately(engine: Engine): Promise<Listening> {
    this.engine = engine;
    const app = this.open(uWS.App());
    const { port, stop } = await listen(app, '127.0.0.1', 0, 'exclusive');
    return {
      port,
      stop: () => {
        const at = this.apps.indexOf(app);
        // Closed with all others meanwhile: the library must not be told twice.
        if (at < 0) return;
        this.apps.splice(at, 1);
        stop();
        app.close();
      },
    };
  }

  /** Reads the certificates again. Throws when they are unusable; the old ones then stay. */
  async reloadCertificates(): Promise<void> {
    if (!this.hasTls() || this.listening === null) return;
    const { host } = this.config.clients.listen;
    const before = this.listening;
    const use: PortUse = 'shared';
    this.listening = await listen(this.open(), host, before.port, use);
    before.stop();
  }

  publish(topic: string, message: string | Uint8Array, isBinary: boolean, compress: boolean): boolean {
    let reached = false;
    for (const app of this.apps) reached = app.publish(topic, message, isBinary, compress) || reached;
    return reached;
  }

  stopListening(): void {
    this.listening?.stop();
    this.listening = null;
  }

  close(): void {
    this.listening = null;
    for (const app of this.apps.splice(0)) app.close();
  }

  private hasTls(): boolean {
    return this.config.clients.tls.cert !== '';
  }

  private newApp(): TemplatedApp {
    const { clients } = this.config;
    return this.hasTls()
      ? uWS.SSLApp({
          cert_file_name: clients.tls.cert,
          key_file_name: clients.tls.key,
          ssl_prefer_low_memory_usage: true,
        })
      : uWS.App();
  }

  private open(app = this.newApp()): TemplatedApp {
    const { clients, engine: limits, slowConsumer } = this.config;
    const shared = {
      engine: this.engine!,
      origins: new OriginPolicy(clients.origins),
      addresses: new PeerAddress(new TrustedProxies(clients.trustedProxies)),
      maxPayload: limits.maxPayload,
      maxBackpressure: slowConsumer.maxBytes,
      compression: clients.compression.enabled,
    };
    const { elsewhere } = this;
    const polling = { jsonp: clients.jsonp, cookie: clients.cookie, secureCookie: this.hasTls(), elsewhere };
    new EngineRoute({ ...shared, ...polling, speaks: 'socket.io' }).install(app, '/socket.io/');
    new EngineRoute({ ...shared, ...polling, speaks: 'engine.io' }).install(app, '/engine.io/');
    new PlainRoute(shared).install(app, '/ws');
    this.extra(app);
    app.any('/*', (response) => {
      response.writeStatus('404 Not Found').end();
    });
    this.apps.push(app);
    return app;
  }
}
