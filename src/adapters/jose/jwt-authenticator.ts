import { createSecretKey, type KeyObject } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import {
  type AuthenticationAttempt,
  AuthenticationFailed,
  type Authenticator,
  type Identity,
} from '../../runtime/ports/authenticator.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { KeySet } from './key-set.ts';
import { endOf, MAX_TOKEN_LENGTH, tokenIdOf } from './token-id.ts';
import { refusalOf, TOKEN_REFUSALS } from './token-refusal.ts';

export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

/** `auth.jwt` of the configuration; a text that is empty was not configured. */
export interface JwtSettings {
  readonly secret: string;
  readonly jwksUrl: string;
  readonly issuer: string;
  /** Accepted `aud`, one of these; empty accepts any. */
  readonly audience: readonly string[];
  readonly algorithms: readonly JwtAlgorithm[];
}

export interface JwtAuthenticatorOptions {
  readonly settings: JwtSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** By the id of the token; nobody revokes any unless told. */
  readonly isRevoked?: (tokenId: string) => boolean;
}

/** Ms by which the clock of who issues tokens may be ahead of ours. Not applied to `exp`, which ends a session. */
const CLOCK_TOLERANCE = 5_000;
const MAX_USER_LENGTH = 256;

/**
 * `auth.mode=jwt`: a client is who its token says, when the token is signed by a key of ours with an algorithm of ours.
 *
 * Algorithms are pinned by the configuration; the shared secret verifies HS256 and nothing else, published keys verify
 * RS256, ES256 and EdDSA and nothing else, so that a public key can never pass as a secret. `iss` and `aud` are
 * required to match when configured. The user is the claim `sub`, or `user` when there is no `sub`; a token with
 * neither is invalid. Without `exp` the login does not end. A token that was revoked is refused however good it is.
 */
export class JwtAuthenticator implements Authenticator {
  readonly #clock: Clock;
  readonly #options: JWTVerifyOptions;
  readonly #findKey: JWTVerifyGetKey;
  readonly #isRevoked: (tokenId: string) => boolean;

  /** Throws `HoldfastError('invalid_argument')` when an algorithm has no key to go with. */
  constructor({ settings, clock, log, isRevoked = () => false }: JwtAuthenticatorOptions) {
    this.#clock = clock;
    this.#isRevoked = isRevoked;
    this.#options = {
      algorithms: [...settings.algorithms],
      clockTolerance: CLOCK_TOLERANCE / 1000,
      ...(settings.issuer === '' ? {} : { issuer: settings.issuer }),
      ...(settings.audience.length === 0 ? {} : { audience: [...settings.audience] }),
    };
    this.#findKey = keyFinder(settings, clock, log);
  }

  async authenticate({ token }: Pick<AuthenticationAttempt, 'token'>): Promise<Identity> {
    if (token === '') throw new AuthenticationFailed(TOKEN_REFUSALS.missing);
    if (token.length > MAX_TOKEN_LENGTH) {
      throw refusalOf(new errors.JWTInvalid(`it has more than ${MAX_TOKEN_LENGTH} characters`));
    }
    const now = this.#clock.wallNow();
    const payload = await this.#verify(token, now);
    const tokenId = tokenIdOf(payload, token);
    const identity = { user: userOf(payload), expiresAt: endOf(payload), tokenId };
    if (identity.expiresAt <= now) throw refusalOf(new errors.JWTExpired('it has expired', payload, 'exp'));
    if (this.#isRevoked(tokenId)) throw new AuthenticationFailed(TOKEN_REFUSALS.revoked);
    return identity;
  }

  async #verify(token: string, now: number): Promise<JWTPayload> {
    try {
      const verified = await jwtVerify(token, this.#findKey, {
        ...this.#options,
        currentDate: new Date(now),
      });
      return verified.payload;
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

function keyFinder(settings: JwtSettings, clock: Clock, log: Log): JWTVerifyGetKey {
  const secret = settings.secret === '' ? null : createSecretKey(settings.secret, 'utf8');
  const keySet = settings.jwksUrl === '' ? null : new KeySet({ url: settings.jwksUrl, clock, log });
  if (settings.algorithms.length === 0) {
    throw new HoldfastError('invalid_argument', 'no JWT algorithm is accepted: set auth.jwt.algorithms');
  }
  for (const algorithm of settings.algorithms) {
    if ((algorithm === 'HS256' ? secret : keySet) === null) {
      const missing = algorithm === 'HS256' ? 'auth.jwt.secret' : 'auth.jwt.jwksUrl';
      throw new HoldfastError('invalid_argument', `${algorithm} tokens need ${missing}`);
    }
  }
  return async (header, token): Promise<KeyObject | Awaited<ReturnType<JWTVerifyGetKey>>> => {
    // jose has compared `alg` with the pinned algorithms before it asks for a key.
    const keys = header.alg === 'HS256' ? secret : keySet;
    if (keys === null) throw new errors.JOSEAlgNotAllowed();
    return keys instanceof KeySet ? keys.find(header, token) : keys;
  };
}

/** Control characters would end up in logs and record headers. */
const CONTROL = /\p{Cc}/u;

function userOf(payload: JWTPayload): string {
  const user = payload.sub ?? payload.user;
  if (typeof user !== 'string' || user === '') {
    throw refusalOf(new errors.JWTInvalid('it names no user: the claim sub (or user) is missing'));
  }
  if (user.length > MAX_USER_LENGTH || CONTROL.test(user)) {
    throw refusalOf(
      new errors.JWTInvalid(`its user has more than ${MAX_USER_LENGTH} characters, or control characters`),
    );
  }
  return user;
}
