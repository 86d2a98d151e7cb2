import { ClientListener, type ExtraRoutes } from '../adapters/uws/client-listener.ts';
import type { Elsewhere } from '../adapters/uws/elsewhere.ts';
import type { PortUse } from '../adapters/uws/listen.ts';
import type { Config } from '../runtime/config/config.ts';
import { closePaced } from '../runtime/connection/paced-close.ts';
import { Gateway } from '../runtime/gateway.ts';
import type { GatewayOptions } from '../runtime/gateway-options.ts';
import { limitsFor } from './limits-for.ts';
import { rehearse } from './rehearsal.ts';
import { StageDoor } from './stage-door.ts';

type Given = Omit<
  GatewayOptions,
  'defer' | 'publisher' | 'addressLimits' | 'messageLimits' | 'authenticator' | 'config'
>;

export interface GatewayRoleOptions extends Given {
  readonly config: Config;
  /** Null with `auth.mode=none`. */
  readonly authenticator: GatewayOptions['authenticator'];
  readonly extraRoutes?: ExtraRoutes;
  /** Sessions of other nodes; none in a single process. */
  readonly elsewhere?: Elsewhere;
}

/** The part of a node that clients connect to: the gateway, and its listener. */
export class GatewayRole {
  readonly gateway: Gateway;
  private readonly options: GatewayRoleOptions;
  private readonly clients: ClientListener;
  private readonly stageDoor: StageDoor | null;

  constructor(options: GatewayRoleOptions) {
    this.options = options;
    const { config, clock, authenticator } = options;
    this.stageDoor = authenticator === null ? null : new StageDoor(authenticator);
    this.clients = new ClientListener(config, options.extraRoutes, options.elsewhere ?? null);
    this.gateway = new Gateway({
      ...options,
      defer: setImmediate,
      publisher: this.clients,
      authenticator: this.stageDoor,
      ...limitsFor(config, clock),
    });
  }

  /** Binds the clients' port; resolves with it. `shared` with other processes of this machine. */
  listen(use: PortUse = 'exclusive'): Promise<number> {
    return this.clients.start(this.gateway.engine, use);
  }

  accept(): void {
    this.gateway.admission.start();
  }

  /** The port stays open: sessions that are still here poll and upgrade on it. New ones get 503. */
  stopAccepting(): void {
    this.gateway.admission.stop();
  }

  /** A few thousand connections of our own on a private port. Whoever hears of them must be deaf meanwhile. */
  async rehearse(): Promise<void> {
    const stage = await this.clients.startPrivately(this.gateway.engine);
    if (this.stageDoor !== null) this.stageDoor.isRehearsing = true;
    this.gateway.admission.start('unlimited');
    try {
      await rehearse(stage.port);
    } finally {
      this.gateway.admission.stop();
      stage.stop();
      if (this.stageDoor !== null) this.stageDoor.isRehearsing = false;
      this.gateway.comings.clear();
    }
  }

  /** Resolves when no connection is left. */
  closePaced(): Promise<void> {
    const { clock, config } = this.options;
    return closePaced({
      table: this.gateway.connections,
      clock,
      rate: config.drain.rate,
      within: config.drain.timeout,
      close: (connection) => this.gateway.signal(connection, 'SERVER_SHUTTING_DOWN'),
    });
  }

  stopListening(): void {
    this.clients.stopListening();
  }

  reloadCertificates(): Promise<void> {
    return this.clients.reloadCertificates();
  }

  close(): void {
    this.clients.close();
  }
}
