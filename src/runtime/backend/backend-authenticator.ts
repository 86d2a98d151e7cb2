import { HoldfastError } from '../errors/holdfast-error.ts';
import { RepeatedLines } from '../log/repeated-lines.ts';
import {
  type AuthenticationAttempt,
  AuthenticationFailed,
  AuthenticationUndecided,
  type Authenticator,
  type Identity,
} from '../ports/authenticator.ts';
import type { AuthenticationCaller } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { BackendMetrics } from './backend-metrics.ts';

export interface BackendAuthenticatorOptions {
  readonly caller: AuthenticationCaller;
  /** Ids of messages, unique in the cluster: decimal Snowflakes. */
  readonly nextId: () => string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  readonly metrics: Pick<BackendMetrics, 'called' | 'lineHeldBack'>;
  readonly log: Log;
}

/**
 * `auth.mode=backend`: the backend's `OnAuthenticate` says who a client is, and the handshake waits for it. There
 * is one attempt: the client comes back by itself. Who cannot be asked about does not come in.
 */
export class BackendAuthenticator implements Authenticator {
  readonly #options: BackendAuthenticatorOptions;
  /** While the backend is away every client that comes is refused. */
  readonly #lines: RepeatedLines;

  constructor(options: BackendAuthenticatorOptions) {
    this.#options = options;
    this.#lines = new RepeatedLines(options.log, options.clock, {
      onHeldBack: () => options.metrics.lineHeldBack(),
    });
  }

  async authenticate(attempt: AuthenticationAttempt): Promise<Identity> {
    const { caller, nextId, clock, random, metrics } = this.#options;
    const start = clock.now();
    try {
      const identity = await caller.authenticate({
        attempt,
        messageId: nextId(),
        traceId: Buffer.from(random.bytes(16)).toString('hex'),
        time: clock.wallNow(),
      });
      metrics.called('OnAuthenticate', 'ok', (clock.now() - start) / 1000);
      return identity;
    } catch (error) {
      const failure = error instanceof AuthenticationFailed ? error : this.#unavailable(error);
      const code = error instanceof HoldfastError ? error.code : 'unauthenticated';
      metrics.called('OnAuthenticate', code, (clock.now() - start) / 1000);
      throw failure;
    }
  }

  #unavailable(error: unknown): AuthenticationUndecided {
    this.#lines.warn('OnAuthenticate', { err: error }, 'OnAuthenticate failed: the client was refused');
    return new AuthenticationUndecided('backend unavailable');
  }
}
