import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { History } from '../../../support/history/history.ts';

interface Call {
  readonly socket: { readonly id: string; readonly user: string };
  readonly auth?: { readonly user?: string } | null;
  readonly query?: { readonly user?: string };
  readonly messageId: string;
  readonly event?: string;
  readonly args?: readonly unknown[];
  readonly reason?: string;
}

/** Who hears of all that clients do, in a history. */
export const BACKEND = 'backend';

/**
 * A backend that notes what it hears of sessions: users with a `#` in their names, each of whom is in one session. What it is told with `say`, it acknowledges with the id and says back as `said`.
 */
export class HistoryBackend {
  readonly url: string;
  readonly close: () => Promise<void>;
  /** Public id of each session's socket. */
  readonly sockets = new Map<string, string>();
  /** Why each session ended, in the backend's ears. */
  readonly ends = new Map<string, string>();
  history: History;
  private readonly messageIds = new Map<string, string>();

  private constructor(history: History, url: string, close: () => Promise<void>) {
    this.history = history;
    this.url = url;
    this.close = close;
  }

  static async start(history: History): Promise<HistoryBackend> {
    const server = createServer(async (request, response) => {
      const call = await read(request);
      const method = (request.url ?? '').split('/').at(-1) ?? '';
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(backend.answer(method, call)));
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const backend = new HistoryBackend(history, url, () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    });
    return backend;
  }

  private answer(method: string, call: Call): object {
    if (method === 'OnAuthenticate') return { user: call.auth?.user ?? call.query?.user ?? '' };
    const session = call.socket.user;
    if (!session.includes('#')) return method === 'OnMessage' ? echoOf(String(call.args?.[0])) : {};
    switch (method) {
      case 'OnConnect':
        this.hear(`begin ${session}`, call);
        this.sockets.set(session, call.socket.id);
        return {};
      case 'OnDisconnect':
        this.hear(`end ${session}`, call);
        this.ends.set(session, call.reason ?? '');
        return {};
      case 'OnMessage':
        return this.said(session, call);
      default:
        return {};
    }
  }

  private said(session: string, call: Call): object {
    const id = String(call.args?.[0]);
    const isNew = !this.messageIds.has(id);
    if (isNew && this.ends.has(session))
      this.history.received(`${id}, after the end of its session`, BACKEND);
    this.hear(id, call);
    if (isNew) this.history.sent(`echo of ${id}`, `echoes to ${session}`, [session]);
    return echoOf(id);
  }

  /** A repetition is known by its message id; with another one it would be a message that nobody sent. */
  private hear(id: string, { messageId }: Call): void {
    const known = this.messageIds.get(id);
    if (known === undefined) this.messageIds.set(id, messageId);
    const isRepetition = known === undefined || known === messageId;
    this.history.received(isRepetition ? id : `${id}, again with another message id`, BACKEND);
  }
}

function echoOf(id: string): object {
  return { ack: { args: [id] }, actions: [{ emit: { event: 'said', args: [`echo of ${id}`] } }] };
}

async function read(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Call;
}
