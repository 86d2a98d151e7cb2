import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What is wrong with the network. */
export type Fault =
  | { readonly kind: 'none' }
  /** Every byte comes later by so many ms. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** So many bytes a second, on each connection and way. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Connections stand, and nothing arrives any more, in either direction: half-open, as after a cut cable. */
  | { readonly kind: 'silence' }
  /** New connections are refused; those that stood were reset. */
  | { readonly kind: 'refuse' };

export const NO_FAULT: Fault = { kind: 'none' };

interface Link {
  readonly sides: readonly [Socket, Socket];
  /** Bytes that a silence swallowed are gone: such a connection never works again. */
  isBroken: boolean;
}

const SLICES_PER_SECOND = 20;

/** A TCP proxy to one port of this machine, whose faults are switched while it runs. */
export class FaultyProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly target: number;
  private readonly links = new Set<Link>();
  private fault: Fault = NO_FAULT;

  private constructor(server: Server, target: number) {
    this.server = server;
    this.target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.accept(client));
  }

  static async start(target: number): Promise<FaultyProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultyProxy(server, target);
  }

  get connections(): number {
    return this.links.size;
  }

  set(fault: Fault): void {
    this.fault = fault;
    if (fault.kind === 'refuse') this.reset();
    // A connection that lost bytes cannot go on as if nothing had been.
    else if (fault.kind !== 'silence') this.reset((link) => link.isBroken);
  }

  /** Ends connections at once, by RST; new ones are served. */
  reset(which: (link: Link) => boolean = () => true): void {
    for (const link of [...this.links].filter(which)) {
      for (const side of link.sides) side.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private accept(client: Socket): void {
    if (this.fault.kind === 'refuse') {
      client.on('error', () => client.destroy());
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: this.target, noDelay: true });
    const link: Link = { sides: [client, server], isBroken: false };
    this.links.add(link);
    const end = () => {
      this.links.delete(link);
      client.destroy();
      server.destroy();
    };
    for (const side of link.sides) side.on('error', end).on('close', end);
    this.carry(link, client, server);
    this.carry(link, server, client);
  }

  /** One way of a connection. Bytes stay in order, whatever the fault does to them. */
  private carry(link: Link, from: Socket, to: Socket): void {
    let way = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      const { fault } = this;
      if (fault.kind === 'silence') {
        link.isBroken = true;
        return;
      }
      const arrived = performance.now();
      from.pause();
      way = way.then(async () => {
        if (fault.kind === 'delay') {
          // Bytes behind each other are late together, not one after the other.
          from.resume();
          await sleep(arrived + fault.ms - performance.now());
          this.write(link, to, chunk);
        } else {
          if (fault.kind === 'throttle') await this.trickle(link, to, chunk, fault.bytesPerSecond);
          else this.write(link, to, chunk);
          from.resume();
        }
      });
    });
  }

  private async trickle(link: Link, to: Socket, chunk: Buffer, bytesPerSecond: number): Promise<void> {
    const slice = Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND));
    for (let start = 0; start < chunk.length && !to.destroyed; start += slice) {
      await sleep(1000 / SLICES_PER_SECOND);
      this.write(link, to, chunk.subarray(start, start + slice));
    }
  }

  private write(link: Link, to: Socket, chunk: Buffer): void {
    if (this.fault.kind === 'silence') link.isBroken = true;
    else if (!to.destroyed) to.write(chunk);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
