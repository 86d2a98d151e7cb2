import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BackendMethod, type BackendRequest, backendCalls } from './backend-calls.ts';
import { DarkRoom } from './dark-room.ts';
import { Devices } from './devices.ts';
import { openPrintShop } from './print-shop.ts';
import { pushClient } from './push-client.ts';

const LARGEST_REQUEST = 4_000_000;
const PATH = /^\/holdfast\.v1\.BackendService\/(OnConnect|OnMessage|OnDisconnect)$/;

export interface DemoBackendOptions {
  /** Where the push API listens, e.g. `http://127.0.0.1:8081`; or who knows it once the demo is used. */
  readonly pushUrl: string | (() => string);
  /** Secret of one of `push.tokens`; leave out when the push API takes calls without. */
  readonly pushToken?: string;
  /** `host:port`; by default a free port on loopback. */
  readonly listen?: string;
  readonly log?: (line: string) => void;
}

export interface DemoBackend {
  /** What `backend.url` must be. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the backend of the demo page: an ordinary HTTP server that knows Holdfast only by its public
 * contract. Nothing in this folder imports anything else of Holdfast; it could run anywhere.
 *
 * Rejects when the address is in use.
 */
export async function startDemoBackend(options: DemoBackendOptions): Promise<DemoBackend> {
  const { pushUrl, pushToken, listen = '127.0.0.1:0', log = () => {} } = options;
  const shop = openPrintShop();
  const push = pushClient(typeof pushUrl === 'string' ? () => pushUrl : pushUrl, pushToken);
  const calls = backendCalls(new Devices(), new DarkRoom(push, shop, log), log);

  const server = createServer(async (request, response) => {
    const method = PATH.exec(request.url ?? '')?.[1] as BackendMethod | undefined;
    if (request.method !== 'POST' || method === undefined) {
      return answer(response, 404, { code: 'unimplemented', message: 'the demo has no such method' });
    }
    try {
      answer(response, 200, calls[method](await readJson(request)));
    } catch (error) {
      answer(response, 400, { code: 'invalid_argument', message: String(error) });
    }
  });

  const [host, port] = splitAddress(listen);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, port: bound } = server.address() as AddressInfo;

  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await shop.close();
    },
  };
}

async function readJson(request: IncomingMessage): Promise<BackendRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_REQUEST) throw new Error('request too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function splitAddress(listen: string): [host: string, port: number] {
  const colon = listen.lastIndexOf(':');
  return [listen.slice(0, colon).replace(/^\[|\]$/g, ''), Number(listen.slice(colon + 1))];
}
