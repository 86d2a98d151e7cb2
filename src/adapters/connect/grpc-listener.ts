import { createServer as createHttp1Server, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { AnswerReader } from '../../runtime/backend/answer-reader.ts';
import type { EventSubscribers } from '../../runtime/backend/event-subscribers.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { errorReply, type PushEndpoint } from '../../runtime/push/push-endpoint.ts';
import { eventRoutes } from './event-routes.ts';
import { closeWhenIdle } from './idle-session.ts';
import { acceptHttp2 } from './protocol-sniffer.ts';
import { pushRoutes } from './push-routes.ts';
import {
  answerUnaryJson,
  type NodeRequest,
  type NodeResponse,
  unaryJsonMethod,
} from './unary-json-handler.ts';

/** Time for the last frames to leave, in milliseconds. */
const CLOSE_GRACE = 500;
const CLOSE_POLL = 10;
/** How long a client may keep an HTTP/2 connection on which it calls nothing, in milliseconds. */
const MOST_IDLE = 300_000;

export interface GrpcListenerOptions {
  readonly endpoint: PushEndpoint;
  readonly subscribers: EventSubscribers;
  readonly reader: AnswerReader;
  /** Largest message, in bytes. */
  readonly maxBody: number;
  readonly log: Log;
  /** Milliseconds after which an HTTP/2 session without streams is closed; five minutes unless told. */
  readonly mostIdle?: number;
}

/**
 * PushService and EventService (`push.grpcListen`) for gRPC, gRPC-Web and Connect, over cleartext HTTP/2 and HTTP/1.1
 * on one port, by Connect's own Node adapter. Streams that go both ways need HTTP/2.
 */
export class GrpcListener {
  readonly #stopping = new AbortController();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #sockets: ReadonlySet<Socket>;
  readonly #server: Server;
  readonly #log: Log;

  constructor({ endpoint, subscribers, reader, maxBody, log, mostIdle = MOST_IDLE }: GrpcListenerOptions) {
    this.#log = log;
    const stopping = this.#stopping.signal;
    const connect = connectNodeAdapter({
      routes: (router) => {
        pushRoutes(router, endpoint);
        eventRoutes(router, { endpoint, subscribers, reader, log, stopping });
      },
      // As on the short path: unknown fields are refused and named, zeros and empty lists are written.
      jsonOptions: { ignoreUnknownFields: false, alwaysEmitImplicit: true },
      readMaxBytes: maxBody,
    });
    const answer = (request: NodeRequest, response: NodeResponse) => {
      try {
        endpoint.admit(hostOf(request));
      } catch (error) {
        refuse(response, error as HoldfastError);
        return;
      }
      const method = unaryJsonMethod(request);
      if (method === null) connect(request, response);
      else void answerUnaryJson(endpoint, method, maxBody, request, response);
    };
    const http2 = createHttp2Server(answer);
    http2.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      closeWhenIdle(session, mostIdle);
    });
    http2.on('sessionError', (error) => log.debug({ err: error }, 'HTTP/2 session failed'));
    this.#server = createHttp1Server(answer);
    this.#sockets = acceptHttp2(this.#server, (socket) => http2.emit('connection', socket));
  }

  /** Resolves with the port; rejects when the address cannot be had. */
  listen(host: string, port: number): Promise<number> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => {
        reject(
          new HoldfastError('unavailable', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
        );
      });
      server.listen({ host, port }, () => {
        // Once it listens, only accepting can fail (no file descriptor left): the next attempt may succeed.
        server.on('error', (error) => this.#log.warn({ err: error }, 'a connection could not be accepted'));
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  /**
   * Takes no new connections, ends subscriptions as `unavailable` (their events go elsewhere), and lets the calls on
   * their way finish.
   */
  stop(): void {
    this.#server.close();
    this.#stopping.abort(new HoldfastError('unavailable', 'this node is shutting down'));
    for (const session of this.#sessions) session.close();
  }

  /** `stop`, and what has not ended by itself after `grace` milliseconds is cut off. */
  async close(grace = CLOSE_GRACE): Promise<void> {
    this.stop();
    const deadline = performance.now() + grace;
    while (this.#sockets.size > 0 && performance.now() < deadline) await setTimeout(CLOSE_POLL);
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function hostOf({ headers }: NodeRequest): string {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : (headers.host ?? '');
}

/** Without reading the body. Clients of every protocol here read HTTP 403 as `permission_denied`. */
function refuse(response: NodeResponse, error: HoldfastError): void {
  const { status, type, body } = errorReply(error);
  response.statusCode = status;
  response.setHeader('content-type', type);
  (response as ServerResponse).end(body);
}
