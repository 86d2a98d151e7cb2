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
import { type CallSpan, callSpan } from '../trace/call-span.ts';
import type { Tracer } from '../trace/tracer.ts';
import { unsampled } from '../trail.ts';
import type { BackendMetrics } from './backend-metrics.ts';

export interface BackendAuthenticatorOptions {
  readonly caller: AuthenticationCaller;
  /** Ids of messages, unique in the cluster: decimal Snowflakes. */
  readonly nextId: () => string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  readonly metrics: Pick<BackendMetrics, 'called' | 'lineHeldBack'>;
  readonly log: Log;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
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
    const { caller, nextId, clock, random, metrics, tracer } = this.#options;
    const start = clock.now();
    const time = clock.wallNow();
    const traceId = Buffer.from(random.bytes(16)).toString('hex');
    const call = this.#span(attempt, traceId, time);
    const traceparent = call?.traceparent ?? (tracer && unsampled(traceId));
    try {
      const identity = await caller.authenticate({
        attempt,
        messageId: nextId(),
        traceId,
        time,
        traceparent,
      });
      metrics.called('OnAuthenticate', 'ok', (clock.now() - start) / 1000);
      call?.ended(clock.wallNow(), '');
      return identity;
    } catch (error) {
      const failure = error instanceof AuthenticationFailed ? error : this.#unavailable(error);
      const code = error instanceof HoldfastError ? error.code : 'unauthenticated';
      metrics.called('OnAuthenticate', code, (clock.now() - start) / 1000);
      call?.ended(clock.wallNow(), code);
      throw failure;
    }
  }

  /** A trace of its own: nothing has come from the socket yet. Null where it is not sampled. */
  #span({ socket, namespace }: AuthenticationAttempt, traceId: string, start: number): CallSpan | null {
    const { tracer, caller } = this.#options;
    if (!tracer?.samples(traceId)) return null;
    return callSpan(tracer, {
      traceId,
      parentId: '',
      method: 'OnAuthenticate',
      system: caller.rpcSystem,
      start,
      more: { 'holdfast.socket.id': socket, 'holdfast.namespace': namespace },
    });
  }

  #unavailable(error: unknown): AuthenticationUndecided {
    this.#lines.warn('OnAuthenticate', { err: error }, 'OnAuthenticate failed: the client was refused');
    return new AuthenticationUndecided('backend unavailable');
  }
}
