import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Milliseconds before it is given. */
  readonly delay?: number;
  /** Breaks the connection off instead. */
  readonly breakOff?: boolean;
}

/** A backend written by hand on `node:http`, as anybody could. */
export class TestBackend {
  readonly calls: ReceivedCall[] = [];
  reply: (call: ReceivedCall) => Reply = () => ({ body: '{}' });
  connections = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        const call: ReceivedCall = {
          method: path.slice(path.lastIndexOf('/') + 1),
          path,
          headers: request.headers,
          text: Buffer.concat(chunks).toString(),
        };
        this.calls.push(call);
        const reply = this.reply(call);
        setTimeout(() => {
          if (reply.breakOff === true) request.socket.destroy();
          else {
            response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
            response.end(reply.body ?? '');
          }
        }, reply.delay ?? 0);
      });
    });
    this.#server.on('connection', () => {
      this.connections++;
    });
  }

  /** Resolves with its URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
