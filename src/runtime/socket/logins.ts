import { findToken } from '../auth/token-lookup.ts';
import { type Body, EMPTY_BODY } from '../codec/body.ts';
import { isSocketIo } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import { headersOf, queryOf, queryParameter } from '../connection/handshake.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import {
  ANONYMOUS,
  type AuthenticationAttempt,
  AuthenticationFailed,
  AuthenticationUndecided,
  type Authenticator,
  type Identity,
} from '../ports/authenticator.ts';
import type { Socket } from './socket.ts';
import type { SocketTable } from './socket-table.ts';

/** A client whose login ends sends a new token as the first argument of this event; `token expiring` asks for it. */
export const TOKEN_EVENT = 'token';

interface Refusal {
  readonly message: string;
  /** JSON text or null. */
  readonly data: string | null;
}

interface Pending {
  readonly auth: string | null;
  refusal: Refusal;
}

/**
 * Logins of one connection that may be on their way at once. Each asks a backend; a client that joins and leaves in a
 * loop must not turn its packets into calls.
 */
const MAX_UNDECIDED = 8;

const REFUSED: Refusal = { message: 'authentication failed', data: null };

export interface LoginsOptions {
  /** Null with `auth.mode=none`: everybody is anonymous. */
  readonly authenticator: Authenticator | null;
  readonly table: SocketTable;
  /** What cannot be decided for one client mostly cannot for the next. */
  readonly journal: Pick<RepeatedLines, 'error'>;
  readonly counters: Counters;
  readonly accepted: (socket: Socket) => void;
  readonly refused: (socket: Socket) => void;
  readonly renewed: (socket: Socket) => void;
  /** More logins on their way than one connection may have. */
  readonly tooMany: (connection: Connection) => void;
  readonly acknowledge: (socket: Socket, ackId: number, body: Body) => void;
}

/** Who sockets belong to: logins on the way, their outcome, and their renewal. */
export class Logins {
  private readonly options: LoginsOptions;
  private readonly pending = new Map<Socket, Pending>();
  /** Sockets whose new token is being checked. */
  private readonly renewing = new Set<Socket>();
  /** Identities of connections that log in before they open, until their socket takes them over. */
  private readonly early = new Map<Connection, Identity>();
  /** Logins on their way, by the id of their connection; also those whose socket has gone meanwhile. */
  private readonly undecided = new Map<string, number>();

  constructor(options: LoginsOptions) {
    this.options = options;
  }

  begin(socket: Socket): void {
    const identity = this.early.get(socket.connection);
    if (identity === undefined) return;
    this.early.delete(socket.connection);
    this.assign(socket, identity);
  }

  authenticates(socket: Socket): boolean {
    return this.options.authenticator !== null && !this.isEarly(socket);
  }

  /** Starts the login of a socket; the outcome comes by `accepted` or `refused`. */
  authenticate(socket: Socket, auth: string | null): void {
    this.pending.set(socket, { auth, refusal: REFUSED });
    const id = connectionId(socket.connection);
    const undecided = this.undecided.get(id) ?? 0;
    if (undecided >= MAX_UNDECIDED) return this.options.tooMany(socket.connection);
    const attempt = attemptOf(socket.connection, socket.id, socket.namespace.name, auth);
    let outcome: Identity | Promise<Identity>;
    try {
      outcome = this.options.authenticator!.authenticate(attempt);
    } catch (error) {
      return this.refuse(socket, error);
    }
    if (!(outcome instanceof Promise)) return this.accept(socket, outcome);
    this.undecided.set(id, undecided + 1);
    outcome
      .then(
        (identity) => this.accept(socket, identity),
        (error) => this.refuse(socket, error),
      )
      .finally(() => this.decided(id));
  }

  private decided(id: string): void {
    const left = (this.undecided.get(id) ?? 0) - 1;
    if (left > 0) this.undecided.set(id, left);
    else this.undecided.delete(id);
  }

  /** Logs a bare Engine.IO or WebSocket client in, before it gets its connection. */
  async authenticateEarly(connection: Connection): Promise<boolean> {
    const id = connectionId(connection);
    try {
      const identity = await this.options.authenticator!.authenticate(attemptOf(connection, id, '/', null));
      // The row may have gone, and come again, meanwhile.
      if (connectionId(connection) !== id) return false;
      this.early.set(connection, identity);
      this.options.counters.add(COUNTER.authentications.accepted);
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  authOf(socket: Socket): string | null {
    return this.pending.get(socket)?.auth ?? null;
  }

  refusalOf(socket: Socket): Refusal {
    return this.pending.get(socket)?.refusal ?? REFUSED;
  }

  /** Is an event `token` of this socket meant for us rather than for the backend? */
  renews(socket: Socket): boolean {
    return (
      this.options.authenticator !== null &&
      this.options.table.expiresAt[socket.row] !== Number.POSITIVE_INFINITY
    );
  }

  /** The client sent a new token. A bad one changes nothing; the old one goes on until it ends. */
  async renew(socket: Socket, body: Body, ackId: number): Promise<void> {
    const [token] = JSON.parse(body.args) as unknown[];
    const attempt = {
      ...attemptOf(socket.connection, socket.id, socket.namespace.name, null),
      token: typeof token === 'string' ? token : '',
    };
    const answer = await this.renewOne(socket, attempt);
    if (ackId >= 0)
      this.options.acknowledge(socket, ackId, { ...EMPTY_BODY, args: JSON.stringify([answer]) });
  }

  forget(socket: Socket): void {
    this.pending.delete(socket);
  }

  /** The connection is gone before its socket took the identity over. */
  forgetConnection(connection: Connection): void {
    this.early.delete(connection);
  }

  /** One at a time: a client that sends nothing but tokens would otherwise send us, or its backend, as many logins. */
  private async renewOne(socket: Socket, attempt: AuthenticationAttempt): Promise<object> {
    if (this.renewing.has(socket)) return { error: 'the token before is still being checked' };
    this.renewing.add(socket);
    try {
      return await this.renewal(socket, attempt);
    } finally {
      this.renewing.delete(socket);
    }
  }

  private async renewal(socket: Socket, attempt: AuthenticationAttempt): Promise<object> {
    try {
      const identity = await this.options.authenticator!.authenticate({
        ...attempt,
        auth: JSON.stringify({ token: attempt.token }),
      });
      if (identity.user !== socket.user) return { error: 'the token belongs to another user' };
      if (this.options.table.at(socket.row) !== socket) return { error: 'the socket is gone' };
      this.options.table.expiresAt[socket.row] = identity.expiresAt;
      socket.tokenId = identity.tokenId ?? '';
      this.options.renewed(socket);
      return { expiresAt: expiryText(identity) };
    } catch (error) {
      this.report(error);
      return { error: error instanceof AuthenticationFailed ? error.message : REFUSED.message };
    }
  }

  private accept(socket: Socket, identity: Identity): void {
    if (!this.pending.has(socket)) return;
    this.assign(socket, identity);
    this.options.counters.add(COUNTER.authentications.accepted);
    this.options.accepted(socket);
    this.pending.delete(socket);
  }

  private refuse(socket: Socket, error: unknown): void {
    const pending = this.pending.get(socket);
    if (pending === undefined) return;
    this.report(error);
    if (error instanceof AuthenticationFailed) {
      const data = error.data === undefined ? null : (JSON.stringify(error.data) ?? null);
      pending.refusal = { message: error.message, data };
    }
    this.options.refused(socket);
  }

  private assign(socket: Socket, identity: Identity): void {
    socket.user = identity.user;
    socket.tokenId = identity.tokenId ?? '';
    socket.changed();
    this.options.table.expiresAt[socket.row] = identity.expiresAt;
  }

  private isEarly(socket: Socket): boolean {
    return !isSocketIo(socket.connection.flavour);
  }

  /** A refused login is the client's affair; anything else is ours. */
  private report(error: unknown): void {
    const isAnswered = error instanceof AuthenticationFailed;
    const isRefused = isAnswered && !(error instanceof AuthenticationUndecided);
    this.options.counters.add(COUNTER.authentications[isRefused ? 'refused' : 'failed']);
    if (isAnswered) return;
    const cause = 'authentication';
    this.options.journal.error(cause, { err: error }, 'authentication could not be decided');
  }
}

function attemptOf(
  connection: Connection,
  socket: string,
  namespace: string,
  auth: string | null,
): AuthenticationAttempt {
  const { handshake } = connection;
  const headers = headersOf(handshake);
  const token = findToken(auth, headers, { token: queryParameter(handshake, 'token') });
  return { token, auth, query: queryOf(handshake), headers, address: handshake.address, namespace, socket };
}

function expiryText(identity: Identity): string | null {
  return identity === ANONYMOUS || !Number.isFinite(identity.expiresAt)
    ? null
    : new Date(identity.expiresAt).toISOString();
}

function connectionId(connection: Connection): string {
  return toDecimal(connection.idHigh, connection.idLow);
}
