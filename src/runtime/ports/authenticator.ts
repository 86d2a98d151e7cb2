/**
 * Decides who a client is. One implementation per `auth.mode`.
 *
 * `authenticate` resolves with the identity or rejects with `AuthenticationFailed`, whose message and data the
 * client gets as CONNECT_ERROR. It may return synchronously (mode `none`).
 */
export interface Authenticator {
  authenticate(attempt: AuthenticationAttempt): Identity | Promise<Identity>;
}

export interface AuthenticationAttempt {
  /** The JWT found (auth payload, then bearer header, then query), or empty. */
  readonly token: string;
  /** JSON text of the CONNECT payload, or `null`. */
  readonly auth: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string;
  readonly namespace: string;
  /** Public id the socket will have. */
  readonly socket: string;
}

export interface Identity {
  readonly user: string;
  /** Milliseconds since 1970 at which the login ends, or `Infinity`. */
  readonly expiresAt: number;
  /** What the token is known by, where one was shown that can be revoked. */
  readonly tokenId?: string;
}

export const ANONYMOUS: Identity = Object.freeze({ user: '', expiresAt: Number.POSITIVE_INFINITY });

export class AuthenticationFailed extends Error {
  override readonly name = 'AuthenticationFailed';
  /** JSON value for the client's `error.data`, or undefined. */
  readonly data: unknown;

  /** `options.cause` says more, to us and never to the client. */
  constructor(message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.data = data;
  }
}

/** Nobody could say: whoever decides did not answer. The client is refused all the same. */
export class AuthenticationUndecided extends AuthenticationFailed {}
