import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import type { Duplex } from 'node:stream';

/** Passes everything on to one port of this machine after the other. Knows no client and no session. */
export interface Balancer {
  readonly url: string;
  /** How many connections (TCP) or requests and upgrades (HTTP) went to each port. */
  readonly counts: ReadonlyMap<number, number>;
  close(): Promise<void>;
}

/** Takes turns, and remembers how often each was taken. */
class Turns {
  readonly counts = new Map<number, number>();
  private readonly ports: readonly number[];
  private next = 0;

  constructor(ports: readonly number[]) {
    this.ports = ports;
  }

  /** Each port once, beginning with the one whose turn it is. */
  take(): number[] {
    const first = this.next++ % this.ports.length;
    return [...this.ports.slice(first), ...this.ports.slice(0, first)];
  }

  count(port: number): void {
    this.counts.set(port, (this.counts.get(port) ?? 0) + 1);
  }
}

/** Balances TCP connections: what comes on one connection stays on one node. */
export async function startTcpBalancer(ports: readonly number[]): Promise<Balancer> {
  const turns = new Turns(ports);
  const open = new Set<Socket>();
  const server = createTcpServer({ noDelay: true }, (client) => {
    keep(client, open);
    connectToFirst(turns.take(), (upstream, port) => {
      if (upstream === null) return client.destroy();
      turns.count(port);
      keep(upstream, open);
      join(client, upstream);
    });
  });
  return balancer(server, turns, open);
}

/**
 * Balances HTTP requests and WebSocket handshakes, each for itself: two polls of one session, or its upgrade, go to
 * different nodes although they came on the same connection. A node that refuses the connection is passed over.
 */
export async function startHttpBalancer(ports: readonly number[]): Promise<Balancer> {
  const turns = new Turns(ports);
  const open = new Set<Socket>();
  // Idle connections end here before the node ends them, so that no request meets one that is about to close.
  const agent = new Agent({ keepAlive: true, timeout: 4000 });
  const server = createServer(async (incoming, response) => {
    const body: Buffer[] = [];
    try {
      for await (const chunk of incoming) body.push(chunk as Buffer);
    } catch {
      return; // The client gave up.
    }
    pass(incoming, response, Buffer.concat(body), turns.take(), turns, agent);
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => keep(socket, open));
  server.on('upgrade', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy());
    connectToFirst(turns.take(), (upstream, port) => {
      if (upstream === null) return client.destroy();
      turns.count(port);
      keep(upstream, open);
      upstream.write(handshakeOf(incoming));
      upstream.write(head);
      join(client, upstream);
    });
  });
  const running = await balancer(server, turns, open);
  return {
    ...running,
    close: async () => {
      agent.destroy();
      await running.close();
    },
  };
}

function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  ports: readonly number[],
  turns: Turns,
  agent: Agent,
): void {
  const [port, ...others] = ports;
  if (port === undefined) {
    response.writeHead(502).end();
    return;
  }
  // Whether a connection is kept concerns the two ends of it.
  const { connection: _, ...headers } = incoming.headers;
  const { method, url } = incoming;
  const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers, agent }, (answer) => {
    turns.count(port);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (response.headersSent || response.destroyed) return response.destroy();
    // Nobody has seen the request, so another may.
    if (error.code === 'ECONNREFUSED') return pass(incoming, response, body, others, turns, agent);
    response.writeHead(502).end();
  });
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy();
  });
  outgoing.end(body);
}

function connectToFirst(
  ports: readonly number[],
  done: (upstream: Socket | null, port: number) => void,
): void {
  const [port, ...others] = ports;
  if (port === undefined) return done(null, 0);
  const upstream = connect({ host: '127.0.0.1', port, noDelay: true });
  const refused = () => connectToFirst(others, done);
  upstream.once('error', refused);
  upstream.once('connect', () => {
    upstream.off('error', refused);
    done(upstream, port);
  });
}

function join(one: Duplex, other: Duplex): void {
  const end = () => {
    one.destroy();
    other.destroy();
  };
  for (const side of [one, other]) side.on('error', end).on('close', end);
  one.pipe(other).pipe(one);
}

function handshakeOf({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function keep(socket: Socket, open: Set<Socket>): void {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
  socket.on('error', () => socket.destroy());
}

async function balancer(server: Server, turns: Turns, open: ReadonlySet<Socket>): Promise<Balancer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: turns.counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
