import type {
  DisconnectParams,
  RefusalParams,
  SocketDelay,
  SocketEffects,
  SocketGuard,
} from '../../machines/socket-vocabulary.ts';
import { untilTokenExpired, untilTokenExpiring } from '../auth/token-life.ts';
import { engineRevision, isSocketIo } from '../codec/flavour.ts';
import { connectErrorFrame, connectFrame, disconnectFrame, eventFrames } from '../codec/socket-frame.ts';
import type { Connection } from '../connection/connection.ts';
import type { Outbound } from '../connection/outbound.ts';
import type { Implementations } from '../machine/machine-runner.ts';
import type { Identity } from '../ports/authenticator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Socket } from './socket.ts';
import type { SocketTable } from './socket-table.ts';
import type { Upstream } from './upstream.ts';

export interface SocketActorOptions {
  readonly table: SocketTable;
  readonly clock: Clock;
  readonly outbound: Outbound;
  readonly upstream: Upstream;
  /** ms a login may take */
  readonly authTimeout: number;
  /** ms before the end of a login at which the client is told */
  readonly tokenWarning: number;
  readonly isServed: (socket: Socket) => boolean;
  readonly authenticates: (socket: Socket) => boolean;
  readonly authenticate: (socket: Socket) => void;
  /** The socket can be addressed from now on. */
  readonly entered: (socket: Socket) => void;
  /** JSON text of the CONNECT payload of a socket that is just connecting. */
  readonly authOf: (socket: Socket) => string | null;
  /** Why the login was refused; `data` is JSON text or null. */
  readonly refusalOf: (socket: Socket) => { message: string; data: string | null };
  readonly tokenExpired: (connection: Connection) => void;
  readonly forgotten: (socket: Socket) => void;
}

type Provided = Implementations<SocketEffects, SocketGuard, SocketDelay>;

/** A login good for longer than 100 days (ms) outlives any connection; no timer watches it. */
const FOREVER = 100 * 24 * 3600 * 1000;

/** Does what the socket machine asks for, and answers what it wants to know. */
export class SocketActor {
  private readonly options: SocketActorOptions;

  constructor(options: SocketActorOptions) {
    this.options = options;
  }

  implementations(): Provided {
    const { options } = this;
    const { table } = options;
    const at = (row: number) => table.at(row)!;
    return {
      effects: {
        authenticate: (row) => options.authenticate(at(row)),
        acceptConnect: (row) => this.acceptConnect(at(row)),
        announceConnect: (row) => options.upstream.connected(at(row), options.authOf(at(row))),
        refuse: (row, params) => this.refuse(at(row), params),
        warnTokenExpiring: (row) => this.warnTokenExpiring(at(row)),
        expireConnection: (row) => options.tokenExpired(at(row).connection),
        sendDisconnect: (row) => this.sendDisconnect(at(row)),
        announceDisconnect: (row, params) => this.announceDisconnect(at(row), params),
        forget: (row) => options.forgotten(at(row)),
      },
      guards: {
        namespaceKnown: (row) => options.isServed(at(row)),
        authenticates: (row) => options.authenticates(at(row)),
        expires: (row) => table.expiresAt[row] - options.clock.wallNow() < FOREVER,
      },
      delays: {
        authTimeout: () => options.authTimeout,
        tokenWarning: (row) =>
          Math.min(
            FOREVER,
            untilTokenExpiring(this.lifeOf(row), options.clock.wallNow(), options.tokenWarning),
          ),
        tokenExpiry: (row) => untilTokenExpired(this.lifeOf(row), options.clock.wallNow()),
      },
    };
  }

  private acceptConnect(socket: Socket): void {
    this.options.entered(socket);
    const { connection, namespace } = socket;
    const { flavour } = connection;
    if (!isSocketIo(flavour)) return;
    const payload = engineRevision(flavour) === 4 ? `{"sid":"${socket.id}"}` : null;
    this.options.outbound.send(connection, connectFrame(flavour, namespace.name, payload));
  }

  private refuse(socket: Socket, { cause }: RefusalParams): void {
    const { connection, namespace } = socket;
    if (!isSocketIo(connection.flavour)) return;
    const { message, data } = this.refusal(socket, cause);
    this.options.outbound.send(
      connection,
      connectErrorFrame(connection.flavour, namespace.name, message, data),
    );
  }

  private refusal(socket: Socket, cause: RefusalParams['cause']): { message: string; data: string | null } {
    switch (cause) {
      case 'invalid namespace':
        return { message: 'Invalid namespace', data: null };
      case 'authentication timeout':
        return { message: 'authentication timeout', data: null };
      case 'authentication failed':
        return this.options.refusalOf(socket);
      default:
        return cause satisfies never;
    }
  }

  private warnTokenExpiring(socket: Socket): void {
    const expiresAt = new Date(this.options.table.expiresAt[socket.row]).toISOString();
    const { connection, namespace } = socket;
    if (!isSocketIo(connection.flavour)) return;
    const body = { args: JSON.stringify([{ expiresAt }]), attachments: [] };
    this.options.outbound.sendAll(
      connection,
      eventFrames(connection.flavour, namespace.name, 'token expiring', body, -1),
    );
  }

  private sendDisconnect(socket: Socket): void {
    const { connection, namespace } = socket;
    if (!isSocketIo(connection.flavour)) return;
    this.options.outbound.send(connection, disconnectFrame(connection.flavour, namespace.name));
  }

  private announceDisconnect(socket: Socket, { reason }: DisconnectParams): void {
    this.options.upstream.disconnected(socket, reason ?? socket.connection.reason ?? 'transport close');
  }

  private lifeOf(row: number): Identity {
    return { user: '', expiresAt: this.options.table.expiresAt[row] };
  }
}
