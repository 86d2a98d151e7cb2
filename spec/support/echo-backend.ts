import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call the gateway made, as it came over the wire. */
export interface BackendCall {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: CallBody;
}

export interface CallBody {
  readonly socket: {
    readonly id: string;
    readonly user: string;
    readonly namespace: string;
    readonly rooms: readonly string[];
    readonly transport: string;
    readonly protocol: string;
  };
  readonly auth?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly event?: string;
  readonly args?: readonly unknown[];
  readonly attachments?: readonly string[];
  readonly wantsAck?: boolean;
  readonly reason?: string;
}

export interface EchoBackend {
  readonly url: string;
  /** Every call so far. */
  readonly calls: readonly BackendCall[];
  /** The first call, past or future, for which `matches` holds. */
  call(method: string, matches?: (body: CallBody) => boolean, ms?: number): Promise<BackendCall>;
  close(): Promise<void>;
}

export interface EchoOptions {
  /** Holds up the answer to a call until it resolves. */
  readonly before?: (method: string) => Promise<void> | null;
}

/**
 * A backend in plain `node:http`, as anybody could write it. Over Socket.IO it plays the application of the
 * official protocol suites (`auth` on connect, `message` → `message-back`, `message-with-ack` → its arguments);
 * bare engine and WebSocket clients get each message back. For the client suites it also obeys
 * `join`, `leave`, `ask` (emit with its arguments), `kick` and `kick-all`.
 */
export async function startEchoBackend({ before }: EchoOptions = {}): Promise<EchoBackend> {
  const calls: BackendCall[] = [];
  const watchers = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const method = (request.url ?? '').split('/').at(-1) ?? '';
    const body = JSON.parse(Buffer.concat(chunks).toString()) as CallBody;
    calls.push({ method, headers: request.headers, body });
    for (const watcher of [...watchers]) watcher();
    await before?.(method);
    const { status, answer } = answerTo(method, body);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    call: (method, matches = () => true, ms = 5000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = calls.find((call) => call.method === method && matches(call.body));
          if (!found) return;
          watchers.delete(look);
          clearTimeout(timer);
          resolve(found);
        };
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`the gateway made no such ${method} call within ${ms} ms`));
        }, ms);
        watchers.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly answer: object;
}

function answerTo(method: string, body: CallBody): Answer {
  switch (method) {
    case 'OnAuthenticate':
      return onAuthenticate(body);
    case 'OnConnect':
      return { status: 200, answer: onConnect(body) };
    case 'OnMessage':
      return { status: 200, answer: onMessage(body) };
    case 'OnDisconnect':
      return { status: 200, answer: {} };
    default:
      return { status: 404, answer: { code: 'unimplemented', message: `no method ${method}` } };
  }
}

/** Everybody is who they say they are, except `mallory`, who is nobody here. */
function onAuthenticate({ auth, query }: CallBody): Answer {
  const user = userIn(auth) ?? query?.user ?? '';
  if (user !== 'mallory') return { status: 200, answer: { user } };
  const refusal = { code: 'unauthenticated', message: 'who are you?', data: { retry: false } };
  return { status: 401, answer: refusal };
}

function userIn(auth: unknown): string | undefined {
  if (typeof auth !== 'object' || auth === null || !('user' in auth)) return undefined;
  return String(auth.user);
}

function onConnect({ socket, auth }: CallBody): object {
  if (!socket.protocol.startsWith('socket.io')) return {};
  return { actions: [{ emit: { event: 'auth', args: [auth ?? {}] } }] };
}

function onMessage({ socket, event = '', args = [], attachments = [] }: CallBody): object {
  const isBare = !socket.protocol.startsWith('socket.io');
  const emit = (name: string, values: readonly unknown[]) => ({
    actions: [{ emit: { event: name, args: values, attachments } }],
  });
  if (isBare) return emit('message', args);
  switch (event) {
    case 'message':
      return emit('message-back', args);
    case 'message-with-ack':
      return { ack: { args, attachments } };
    case 'ask':
      return emit(String(args[0]), args.slice(1));
    case 'join':
      return { actions: [{ join: { rooms: args } }], ack: { args: ['joined'] } };
    case 'leave':
      return { actions: [{ leave: { rooms: args } }], ack: { args: ['left'] } };
    case 'kick':
      return { actions: [{ disconnect: {} }] };
    case 'kick-all':
      return { actions: [{ disconnect: { closeConnection: true } }] };
    default:
      return {};
  }
}
