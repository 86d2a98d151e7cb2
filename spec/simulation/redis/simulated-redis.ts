import type { VirtualTime } from '../virtual-time.ts';
import { type Arg, commandsOf } from './commands.ts';
import { Keyspace } from './keyspace.ts';
import { blockingOf } from './stream-commands.ts';

/** Nodes make it up by themselves where there is none, which no seed could repeat. */
const SECRET = 'holdfast:secret';
const BLOCKING = new Set(['xreadBuffer']);

interface Waiter {
  readonly keys: readonly string[];
  readonly serve: () => boolean;
}

/** Who is connected. */
export interface RedisPeer {
  /** The server has closed the connection. */
  hungUp(): void;
  message(channel: string, text: string): void;
}

/** One Redis, with a replica that may become the master, some writes behind. */
export class SimulatedRedis {
  isUp = true;
  /** Until then it does nothing, as a stopped process. */
  stalledUntil = 0;
  private readonly time: VirtualTime;
  private readonly keyspace: Keyspace;
  private readonly commands: Record<string, (args: Arg[]) => unknown>;
  private readonly peers = new Set<RedisPeer>();
  private readonly subscribers = new Map<RedisPeer, Set<string>>();
  private waiters: Waiter[] = [];
  private replica: ReturnType<Keyspace['copy']> | null = null;

  constructor(time: VirtualTime) {
    this.time = time;
    const wallNow = () => time.clock.wallNow();
    this.keyspace = new Keyspace(wallNow);
    this.keyspace.set(SECRET, Buffer.from(time.random.bytes(32)).toString('base64url'));
    this.commands = commandsOf(this.keyspace, wallNow, (channel, text) => this.publish(channel, text));
  }

  /** Names of all commands. */
  get names(): readonly string[] {
    return [...Object.keys(this.commands), 'subscribe'];
  }

  connect(peer: RedisPeer): void {
    this.peers.add(peer);
  }

  disconnect(peer: RedisPeer): void {
    this.peers.delete(peer);
    this.subscribers.delete(peer);
  }

  /** `answer` is called at once, or when a read that blocks has something or its time is up. */
  execute(peer: RedisPeer, name: string, args: Arg[], answer: (reply: unknown, error?: Error) => void): void {
    if (name === 'subscribe') {
      this.subscribers.set(peer, (this.subscribers.get(peer) ?? new Set()).add(String(args[0])));
      return answer(1);
    }
    try {
      const reply = this.commands[name]!(args);
      if (reply === null && BLOCKING.has(name)) return this.block(peer, name, args, answer);
      answer(reply);
    } catch (error) {
      answer(undefined, error as Error);
    }
    if (name === 'xadd') this.serve(String(args[0]));
    if (name === 'eval') for (const key of args.slice(2, 2 + Number(args[1]))) this.serve(String(key));
  }

  /** What is written from now on may be lost in a failover. */
  fallBehind(): void {
    this.replica = this.keyspace.copy();
  }

  down(): void {
    this.isUp = false;
    this.waiters = [];
    for (const peer of [...this.peers]) peer.hungUp();
  }

  up(): void {
    this.isUp = true;
  }

  /** The replica takes over. */
  failOver(): void {
    if (this.replica !== null) this.keyspace.restore(this.replica);
    this.replica = null;
  }

  /** It has lost all it knew, but for what it is told again by whoever connects. */
  empty(): void {
    const secret = this.keyspace.get<string>(SECRET)!;
    this.keyspace.restore(new Map());
    this.keyspace.set(SECRET, secret);
  }

  private block(
    peer: RedisPeer,
    name: string,
    args: Arg[],
    answer: (reply: unknown, error?: Error) => void,
  ): void {
    const { keys, block } = blockingOf(args);
    let isOver = false;
    const end = (reply: unknown, error?: Error) => {
      isOver = true;
      this.waiters = this.waiters.filter((one) => one !== waiter);
      answer(reply, error);
    };
    const waiter: Waiter = {
      keys,
      serve: () => {
        if (isOver || !this.peers.has(peer)) return false;
        try {
          const reply = this.commands[name]!(args);
          if (reply === null) return false;
          end(reply);
        } catch (error) {
          end(undefined, error as Error);
        }
        return true;
      },
    };
    this.waiters.push(waiter);
    this.time.after(block, () => {
      if (!isOver) end(null);
    });
  }

  private serve(key: string): void {
    for (const waiter of this.waiters)
      if (waiter.keys.includes(key) && waiter.serve()) return this.serve(key);
  }

  private publish(channel: string, text: string): number {
    let heard = 0;
    for (const [peer, channels] of this.subscribers) {
      if (!channels.has(channel)) continue;
      peer.message(channel, text);
      heard++;
    }
    return heard;
  }
}
