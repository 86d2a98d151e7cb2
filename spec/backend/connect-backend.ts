import { createServer as createHttp1Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  BackendService,
  type OnAuthenticateRequest,
  type OnConnectRequest,
  type OnDisconnectRequest,
  type OnMessageRequest,
} from '../../src/generated/holdfast/v1/backend_pb.ts';

export interface TypedCall {
  readonly request: OnAuthenticateRequest | OnConnectRequest | OnMessageRequest | OnDisconnectRequest;
  readonly headers: Headers;
  readonly protocol: string;
}

/** A backend made with a Connect library: Connect and gRPC, of generated types. OnDisconnect is not implemented. */
export class ConnectBackend {
  readonly calls: TypedCall[] = [];
  /** What calls fail with, when set. */
  failure: ConnectError | null = null;
  #close: () => void = () => undefined;

  /** Resolves with `host:port`. */
  async start(version: 1 | 2): Promise<string> {
    const handler = connectNodeAdapter({ routes: (router) => this.#routes(router) });
    const sessions = new Set<ServerHttp2Session>();
    const http1 = createHttp1Server(handler);
    const http2 = createHttp2Server(handler).on('session', (session) => sessions.add(session));
    const server = version === 1 ? http1 : http2;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#close = () => {
      server.close();
      http1.closeAllConnections();
      for (const session of sessions) session.destroy();
    };
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#close();
  }

  #routes(router: ConnectRouter): void {
    router.service(BackendService, {
      onAuthenticate: (request, context) => {
        this.#note(request, context);
        return { user: 'u1', expiresAt: { seconds: 2_000_000_000n } };
      },
      onConnect: (request, context) => {
        this.#note(request, context);
        return { actions: [{ kind: { case: 'join', value: { rooms: ['r'] } } }] };
      },
      onMessage: (request, context) => {
        this.#note(request, context);
        return {
          ack: { args: request.args, attachments: request.attachments },
          actions: [
            { kind: { case: undefined } },
            {
              kind: {
                case: 'emit',
                value: { to: { rooms: ['r'] }, event: 'e', args: request.args.slice(0, 1) },
              },
            },
            { kind: { case: 'disconnect', value: {} } },
          ],
        };
      },
      onDisconnect: (request, context) => {
        this.#note(request, context);
        throw new ConnectError('not here', Code.Unimplemented);
      },
    });
  }

  #note(request: TypedCall['request'], { requestHeader, protocolName }: HandlerContext): void {
    this.calls.push({ request, headers: requestHeader, protocol: protocolName });
    if (this.failure !== null) throw this.failure;
  }
}
