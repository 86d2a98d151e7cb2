import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import {
  type CallOptions,
  type Client,
  ConnectError,
  createClient,
  type Transport,
} from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import {
  BackendService,
  OnAuthenticateRequestSchema,
  OnConnectRequestSchema,
  OnDisconnectRequestSchema,
  OnMessageRequestSchema,
} from '../../generated/holdfast/v1/backend_pb.ts';
import { AbsentMethods } from '../../runtime/backend/absent-methods.ts';
import type { AnswerReader } from '../../runtime/backend/answer-reader.ts';
import {
  connectMessage,
  disconnectMessage,
  messageMessage,
  questionMessage,
} from '../../runtime/backend/record-message.ts';
import { AuthenticationFailed, type Identity } from '../../runtime/ports/authenticator.ts';
import type { AuthenticationQuestion, BackendAnswer, RpcSystem } from '../../runtime/ports/backend.ts';
import { type BackendMethod, RECORD_METHODS } from '../../runtime/ports/backend-method.ts';
import type { UpstreamRecord } from '../../runtime/ports/upstream-log.ts';
import type { BackendClient, BackendClientOptions } from './backend-client.ts';
import type { BackendAddress } from './backend-url.ts';
import { CallHeaders } from './call-headers.ts';
import { holdfastErrorOf } from './connect-error.ts';
import { dataOfDetails } from './error-details.ts';
import { identityOf } from './identity-message.ts';

/**
 * `BackendService` in protobuf: by Connect's unary protocol over HTTP/1.1, or by gRPC over HTTP/2. Signatures are over
 * the message's bytes, with gRPC without the five bytes that frame it.
 */
export class ProtoBackendClient implements BackendClient {
  readonly rpcSystem: RpcSystem;
  readonly #client: Client<typeof BackendService>;
  readonly #disconnect: () => void;
  readonly #headers: CallHeaders;
  readonly #absent: AbsentMethods<BackendMethod>;
  readonly #reader: AnswerReader;
  readonly #timeout: number;

  constructor(address: BackendAddress, options: BackendClientOptions) {
    const { transport, disconnect } = connectTransport(address, options);
    this.rpcSystem = address.protocol === 'grpc' ? 'grpc' : 'connect_rpc';
    this.#client = createClient(BackendService, transport);
    this.#disconnect = disconnect;
    this.#headers = new CallHeaders(options);
    this.#absent = new AbsentMethods(options.clock, options.absentFor);
    this.#reader = options.reader;
    this.#timeout = options.timeout;
  }

  hears(kind: UpstreamRecord['kind']): boolean {
    return !this.#absent.has(RECORD_METHODS[kind]);
  }

  async call(
    record: UpstreamRecord,
    times: readonly number[] = [],
    traceparent?: string,
  ): Promise<BackendAnswer> {
    try {
      return await this.#call(record, times, traceparent);
    } catch (error) {
      const failure = holdfastErrorOf(error);
      if (failure.code === 'unimplemented') this.#absent.note(RECORD_METHODS[record.kind]);
      throw failure;
    }
  }

  async authenticate(question: AuthenticationQuestion): Promise<Identity> {
    const message = questionMessage(question);
    try {
      const { traceparent } = question;
      const options = this.#options(question, OnAuthenticateRequestSchema, message, [], traceparent);
      return identityOf(await this.#client.onAuthenticate(message, options));
    } catch (error) {
      throw authenticationFailure(error);
    }
  }

  async close(): Promise<void> {
    this.#disconnect();
  }

  async #call(
    record: UpstreamRecord,
    times: readonly number[],
    traceparent: string | undefined,
  ): Promise<BackendAnswer> {
    switch (record.kind) {
      case 'connect': {
        const message = connectMessage(record);
        const options = this.#options(record, OnConnectRequestSchema, message, times, traceparent);
        const { actions } = await this.#client.onConnect(message, options);
        return this.#reader.readMessage(undefined, actions, record);
      }
      case 'message': {
        const message = messageMessage(record);
        const options = this.#options(record, OnMessageRequestSchema, message, times, traceparent);
        const { ack, actions } = await this.#client.onMessage(message, options);
        return this.#reader.readMessage(ack, actions, record);
      }
      case 'disconnect': {
        const message = disconnectMessage(record);
        const options = this.#options(record, OnDisconnectRequestSchema, message, times, traceparent);
        const { actions } = await this.#client.onDisconnect(message, options);
        return this.#reader.readMessage(undefined, actions, record);
      }
    }
  }

  #options<Schema extends DescMessage>(
    about: UpstreamRecord | AuthenticationQuestion,
    schema: Schema,
    message: MessageShape<Schema>,
    times: readonly number[],
    traceparent?: string,
  ): CallOptions {
    const flat: string[] = [];
    this.#headers.add(flat, about, toBinary(schema, message), times, traceparent);
    const headers: [string, string][] = [];
    for (let index = 0; index < flat.length; index += 2) headers.push([flat[index]!, flat[index + 1]!]);
    return { headers, timeoutMs: this.#timeout };
  }
}

function connectTransport(
  { protocol, baseUrl }: BackendAddress,
  { connections, maxAnswer }: BackendClientOptions,
): { transport: Transport; disconnect: () => void } {
  if (protocol === 'grpc') {
    const sessionManager = new Http2SessionManager(baseUrl);
    return {
      transport: createGrpcTransport({ baseUrl, sessionManager, readMaxBytes: maxAnswer }),
      disconnect: () => sessionManager.abort(),
    };
  }
  const kept = { keepAlive: true, maxSockets: connections };
  const agent = baseUrl.startsWith('https:') ? new HttpsAgent(kept) : new HttpAgent(kept);
  return {
    transport: createConnectTransport({
      baseUrl,
      httpVersion: '1.1',
      useBinaryFormat: true,
      nodeOptions: { agent },
      readMaxBytes: maxAnswer,
    }),
    disconnect: () => agent.destroy(),
  };
}

/** Codes that say nothing about the client but that the backend could not be asked. */
const TROUBLE: ReadonlySet<string> = new Set([
  'unavailable',
  'deadline_exceeded',
  'unimplemented',
  'canceled',
]);

function authenticationFailure(error: unknown): Error {
  const failure = holdfastErrorOf(error);
  if (TROUBLE.has(failure.code)) return failure;
  const { rawMessage, details } = ConnectError.from(error);
  return new AuthenticationFailed(rawMessage, dataOfDetails(details));
}
