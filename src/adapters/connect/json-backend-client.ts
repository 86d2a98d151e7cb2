import { fromJsonString } from '@bufbuild/protobuf';
import { Pool } from 'undici';
import { OnAuthenticateResponseSchema } from '../../generated/holdfast/v1/backend_pb.ts';
import { AbsentMethods } from '../../runtime/backend/absent-methods.ts';
import type { AnswerReader } from '../../runtime/backend/answer-reader.ts';
import { questionToJson, recordToJson } from '../../runtime/backend/record-json.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { AuthenticationFailed, type Identity } from '../../runtime/ports/authenticator.ts';
import type { AuthenticationQuestion, BackendAnswer } from '../../runtime/ports/backend.ts';
import { type BackendMethod, RECORD_METHODS } from '../../runtime/ports/backend-method.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { UpstreamRecord } from '../../runtime/ports/upstream-log.ts';
import type { BackendClient, BackendClientOptions } from './backend-client.ts';
import { CallHeaders, methodPath } from './call-headers.ts';
import { dataOfDetails } from './error-details.ts';
import { type ErrorBody, httpFailure, readErrorBody } from './http-failure.ts';
import { identityOf } from './identity-message.ts';
import { JsonExchange, type JsonResponse } from './json-exchange.ts';

/**
 * `BackendService` by Connect's unary protocol in JSON over HTTP/1.1, which any web framework can serve by hand.
 * Source: https://connectrpc.com/docs/protocol, "Unary-Request".
 */
export class JsonBackendClient implements BackendClient {
  readonly rpcSystem = 'connect_rpc';
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #headers: CallHeaders;
  readonly #absent: AbsentMethods<BackendMethod>;
  readonly #reader: AnswerReader;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #maxAnswer: number;

  constructor(baseUrl: string, options: BackendClientOptions) {
    const { origin, pathname } = new URL(baseUrl);
    this.#prefix = pathname === '/' ? '' : pathname;
    this.#clock = options.clock;
    this.#timeout = options.timeout;
    this.#maxAnswer = options.maxAnswer;
    this.#reader = options.reader;
    this.#headers = new CallHeaders(options);
    this.#absent = new AbsentMethods(options.clock, options.absentFor);
    this.#pool = new Pool(origin, {
      connections: options.connections,
      // One deadline, ours, for everything from connecting to the answer's last byte.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: options.timeout },
    });
  }

  hears(kind: UpstreamRecord['kind']): boolean {
    return !this.#absent.has(RECORD_METHODS[kind]);
  }

  async call(
    record: UpstreamRecord,
    times: readonly number[] = [],
    traceparent?: string,
  ): Promise<BackendAnswer> {
    const method = RECORD_METHODS[record.kind];
    const { status, text } = await this.#post(method, record, recordToJson(record), times, traceparent);
    if (status >= 200 && status < 300) return this.#reader.readJson(text, record);
    const failure = httpFailure(status, readErrorBody(text));
    if (failure.code === 'unimplemented') this.#absent.note(method);
    throw failure;
  }

  async authenticate(question: AuthenticationQuestion): Promise<Identity> {
    const { traceparent } = question;
    const response = await this.#post('OnAuthenticate', question, questionToJson(question), [], traceparent);
    if (response.status < 200 || response.status >= 300) throw authenticationFailure(response);
    try {
      const answer = fromJsonString(OnAuthenticateResponseSchema, response.text, {
        ignoreUnknownFields: true,
      });
      return identityOf(answer);
    } catch (cause) {
      throw new HoldfastError('internal', `OnAuthenticate: ${(cause as Error).message}`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #post(
    method: BackendMethod,
    about: UpstreamRecord | AuthenticationQuestion,
    body: string,
    times: readonly number[],
    traceparent?: string,
  ): Promise<JsonResponse> {
    const headers = ['content-type', 'application/json', 'accept', 'application/json'];
    headers.push('connect-protocol-version', '1', 'connect-timeout-ms', `${this.#timeout}`);
    headers.push('user-agent', 'holdfast');
    this.#headers.add(headers, about, body, times, traceparent);
    const exchange = new JsonExchange(this.#clock, this.#timeout, this.#maxAnswer);
    exchange.send(this.#pool, { method: 'POST', path: this.#prefix + methodPath(method), headers, body });
    return exchange.response;
  }
}

/**
 * An error that the backend gave words to is the client's answer: `message`, and as data `data` or the details.
 * Anything else is the backend's own trouble.
 */
function authenticationFailure({ status, text }: JsonResponse): Error {
  const body = readErrorBody(text);
  const failure = httpFailure(status, body);
  const isTrouble = failure.code === 'unavailable' || failure.code === 'deadline_exceeded' || status === 404;
  const message = messageOf(body);
  if (body !== null && message !== null && !isTrouble && failure.code !== 'unimplemented') {
    return new AuthenticationFailed(
      message,
      body.data === undefined ? dataOfDetails(body.details) : body.data,
    );
  }
  return status === 401 || status === 403 ? new AuthenticationFailed('authentication failed') : failure;
}

function messageOf(body: ErrorBody | null): string | null {
  if (typeof body?.message === 'string') return body.message;
  return typeof body?.code === 'string' ? body.code : null;
}
