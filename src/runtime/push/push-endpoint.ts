import { isUtf8 } from 'node:buffer';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { requireLoopbackHost } from '../auth/loopback-host.ts';
import { ERROR_CODES, HoldfastError } from '../errors/holdfast-error.ts';
import { RepeatedLines } from '../log/repeated-lines.ts';
import type { RpcSystem } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { PushMethod } from '../ports/push-method.ts';
import { PushSpan } from '../trace/push-span.ts';
import type { Tracer } from '../trace/tracer.ts';
import { freshTrail } from '../trail.ts';
import type { PushCaller } from './push-caller.ts';
import type { PushMetrics } from './push-metrics.ts';
import type { PushRequest } from './push-request.ts';
import type { PushResult } from './push-result.ts';
import type { PushService } from './push-service.ts';
import type { PushTokens } from './push-tokens.ts';
import { readPushJson } from './read-json.ts';
import { REQUEST_SCHEMAS, type RequestMessage, readPushMessage } from './read-message.ts';
import { writeErrorJson, writePushJson } from './write-json.ts';
import { RESPONSE_SCHEMAS, type ResponseMessage, writePushMessage } from './write-message.ts';

export interface PushEndpointOptions {
  readonly service: PushService;
  readonly tokens: PushTokens;
  readonly metrics: PushMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
}

/** Headers of a request that mean something to every door; empty without. */
export interface PushRequestHeaders {
  readonly authorization: string;
  /** W3C Trace Context. */
  readonly traceparent: string;
  /** The protocol of the request. */
  readonly system: RpcSystem;
}

/** How a unary body is written: `application/json` or `application/proto`. */
export type PushForm = 'json' | 'proto';

/** A unary answer of Connect's protocol. Errors are JSON whatever the form of the request. */
export interface PushReply {
  readonly status: number;
  readonly type: 'application/json' | 'application/proto';
  readonly body: string | Uint8Array;
}

/**
 * What all doors of the push API share: the token is checked, the request read, performed and counted, and every
 * failure becomes a `HoldfastError`.
 */
export class PushEndpoint {
  readonly #service: PushService;
  readonly #tokens: PushTokens;
  readonly #metrics: PushMetrics;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tracer: Tracer | undefined;
  /** What is wrong with us is wrong with every push. */
  readonly #lines: RepeatedLines;

  constructor({ service, tokens, metrics, clock, log, tracer }: PushEndpointOptions) {
    this.#service = service;
    this.#tokens = tokens;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#log = log;
    this.#tracer = tracer;
    this.#lines = new RepeatedLines(log, clock, { onHeldBack: () => metrics.lineHeldBack() });
  }

  /** `host` is the header's value, empty without. Throws `permission_denied`: see `requireLoopbackHost`. */
  admit(host: string): void {
    if (this.#tokens.areNone) requireLoopbackHost(host, 'push.tokens');
  }

  /** Connect's unary protocol, after HTTP: never throws, never rejects. */
  unary(
    method: PushMethod,
    headers: PushRequestHeaders,
    form: PushForm,
    body: Buffer,
  ): PushReply | Promise<PushReply> {
    const result = this.#run(method, headers, () => readBody(method, form, body));
    if (result instanceof Promise) {
      return result.then(
        (value) => replyOf(value, form),
        (error: HoldfastError) => errorReply(error),
      );
    }
    return result instanceof HoldfastError ? errorReply(result) : replyOf(result, form);
  }

  /** A request that was decoded by somebody else (gRPC). Rejects with `HoldfastError`. */
  async message(
    method: PushMethod,
    headers: PushRequestHeaders,
    message: RequestMessage,
  ): Promise<ResponseMessage> {
    const result = await this.#run(method, headers, () => readPushMessage(message));
    if (result instanceof HoldfastError) throw result;
    return writePushMessage(result);
  }

  /** Throws `unauthenticated`. For services beside PushService that take the same tokens. */
  authenticate(authorization: string): PushCaller {
    return this.#tokens.authenticate(authorization);
  }

  #run(
    method: PushMethod,
    headers: PushRequestHeaders,
    read: () => PushRequest,
  ): PushResult | HoldfastError | Promise<PushResult> {
    const start = this.#clock.now();
    const now = this.#clock.wallNow();
    let token = '';
    let span: PushSpan | null = null;
    try {
      ({ token } = this.#tokens.authenticate(headers.authorization));
      if (this.#tracer !== undefined) span = PushSpan.of(this.#tracer, method, headers, now);
      const trail = span?.trail ?? freshTrail(headers.traceparent, now);
      const result = this.#service.perform(read(), { token, trail });
      if (result instanceof Promise) return this.#finish(result, method, token, start, span);
      this.#succeeded(method, token, start, span);
      return result;
    } catch (error) {
      return this.#failed(error, method, token, start, span);
    }
  }

  async #finish(
    result: Promise<PushResult>,
    method: PushMethod,
    token: string,
    start: number,
    span: PushSpan | null,
  ): Promise<PushResult> {
    try {
      const value = await result;
      this.#succeeded(method, token, start, span);
      return value;
    } catch (error) {
      throw this.#failed(error, method, token, start, span);
    }
  }

  #succeeded(method: PushMethod, token: string, start: number, span: PushSpan | null): void {
    span?.ended(this.#clock.wallNow(), token, '');
    this.#metrics.finished(method, 'ok', token, (this.#clock.now() - start) / 1000);
    this.#log.debug({ method, pushedBy: token }, 'pushed');
  }

  #failed(
    error: unknown,
    method: PushMethod,
    token: string,
    start: number,
    span: PushSpan | null,
  ): HoldfastError {
    const failure =
      error instanceof HoldfastError
        ? error
        : new HoldfastError('internal', 'internal error', { cause: error });
    span?.ended(this.#clock.wallNow(), token, failure.code);
    if (failure.code === 'internal')
      this.#lines.error('push', { err: error, method, pushedBy: token }, 'push failed');
    else
      this.#log.debug(
        { method, pushedBy: token, code: failure.code, reason: failure.message },
        'push refused',
      );
    this.#metrics.finished(method, failure.code, token, (this.#clock.now() - start) / 1000);
    return failure;
  }
}

export function errorReply(error: HoldfastError): PushReply {
  return { status: ERROR_CODES[error.code], type: 'application/json', body: writeErrorJson(error) };
}

function replyOf(result: PushResult, form: PushForm): PushReply {
  if (form === 'json') return { status: 200, type: 'application/json', body: writePushJson(result) };
  const message = writePushMessage(result);
  return {
    status: 200,
    type: 'application/proto',
    body: toBinary(RESPONSE_SCHEMAS[message.$typeName], message),
  };
}

function readBody(method: PushMethod, form: PushForm, body: Buffer): PushRequest {
  if (form === 'json') {
    if (!isUtf8(body)) throw new HoldfastError('invalid_argument', 'the request is not UTF-8');
    return readPushJson(method, body.toString('utf8'));
  }
  let message: RequestMessage;
  try {
    message = fromBinary(REQUEST_SCHEMAS[method], body);
  } catch (cause) {
    throw new HoldfastError('invalid_argument', `the request is not protobuf: ${(cause as Error).message}`, {
      cause,
    });
  }
  return readPushMessage(message);
}
