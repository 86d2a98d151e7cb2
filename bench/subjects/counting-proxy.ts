import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands between a node and Redis and counts round trips: requests that set out on a connection when the ones before
 * had been answered. What leaves together, or while an answer is awaited, is one trip.
 */
export class CountingProxy {
  trips = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  static async start(port: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(port: number) {
    this.#server = createServer({ noDelay: true }, (client) => this.#pass(client, port));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #pass(client: Socket, port: number): void {
    const redis = connect({ port, host: '127.0.0.1', noDelay: true });
    let isAsking = false;
    client.on('data', (chunk) => {
      if (!isAsking) this.trips++;
      isAsking = true;
      redis.write(chunk);
    });
    redis.on('data', (chunk) => {
      isAsking = false;
      client.write(chunk);
    });
    for (const [side, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.#open.add(side);
      side.on('error', () => {});
      side.on('close', () => {
        this.#open.delete(side);
        other.destroy();
      });
    }
  }
}
