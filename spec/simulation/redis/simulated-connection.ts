import type { SimulatedProcess } from '../simulated-process.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Way } from '../way.ts';
import type { Arg } from './commands.ts';
import type { RedisPeer, SimulatedRedis } from './simulated-redis.ts';

interface Pending {
  readonly name: string;
  readonly args: Arg[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Between two attempts to connect it waits at most so long, ms. */
const RECONNECT_MAX = 2_000;
const SILENCE = 5_000;

/** A connection to Redis as its client library has it: no queue while offline, nothing sent twice. */
export class SimulatedConnection {
  status: 'connecting' | 'ready' | 'end' = 'connecting';
  private readonly time: VirtualTime;
  private readonly process: SimulatedProcess;
  private readonly redis: SimulatedRedis;
  private readonly way: Way;
  /** How long a command may take, ms; 0 for ever. */
  private readonly timeout: number;
  private readonly listeners = new Map<string, ((...args: never[]) => void)[]>();
  private stream: TcpStream | null = null;
  private tries = 0;

  constructor(
    process: SimulatedProcess,
    time: VirtualTime,
    redis: SimulatedRedis,
    way: Way,
    timeout: number,
  ) {
    this.process = process;
    this.time = time;
    this.redis = redis;
    this.way = way;
    this.timeout = timeout;
    for (const name of redis.names) {
      (this as unknown as Record<string, unknown>)[name] = (...args: Arg[]) => this.send(name, args);
    }
    this.connect();
  }

  on(event: string, listener: (...args: never[]) => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  disconnect(): void {
    this.status = 'end';
    this.stream?.close();
    this.stream = null;
  }

  private connect(): void {
    this.tries++;
    const { time, redis, way, process } = this;
    time.after(way.latency(), () =>
      process.input(() => {
        if (this.status === 'end') return;
        if (!redis.isUp || way.isCut || way.isSilent() || redis.stalledUntil > time.now()) {
          const pause = Math.min(100 * this.tries, RECONNECT_MAX);
          process.clock.after(pause, () => this.connect());
          return;
        }
        this.tries = 0;
        this.stream = new TcpStream(time, process, redis, way, {
          closed: () => this.lost(),
          message: (channel, text) => this.emit('message', channel, text),
        });
        this.status = 'ready';
        this.emit('ready');
      }),
    );
  }

  private lost(): void {
    this.stream = null;
    if (this.status === 'end') return;
    this.status = 'connecting';
    this.connect();
  }

  private emit(event: string, ...args: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...(args as never[]));
  }

  private send(name: string, args: Arg[]): Promise<unknown> {
    const { stream, timeout, process } = this;
    if (stream === null || this.status !== 'ready') {
      return Promise.reject(new Error("Stream isn't writeable and enableOfflineQueue options is false"));
    }
    return new Promise((resolve, reject) => {
      stream.send({ name, args, resolve, reject });
      if (timeout > 0) process.clock.after(timeout, () => reject(new Error('Command timed out')));
    });
  }
}

/** One TCP connection: in order both ways; what is on its way when it breaks arrives, or not, from some point on. */
class TcpStream implements RedisPeer {
  private readonly time: VirtualTime;
  private readonly process: SimulatedProcess;
  private readonly redis: SimulatedRedis;
  private readonly way: Way;
  private readonly callbacks: { closed: () => void; message: (channel: string, text: string) => void };
  private readonly pending = new Set<Pending>();
  private outgoing: Pending[] | null = null;
  private readonly out: { at: number };
  private readonly back: { at: number };
  private heardAt: number;
  private watched = false;
  private isOpen = true;

  constructor(
    time: VirtualTime,
    process: SimulatedProcess,
    redis: SimulatedRedis,
    way: Way,
    callbacks: TcpStream['callbacks'],
  ) {
    this.time = time;
    this.process = process;
    this.redis = redis;
    this.way = way;
    this.callbacks = callbacks;
    this.out = { at: time.now() };
    this.back = { at: time.now() };
    this.heardAt = time.now();
    way.streams.add(this);
    redis.connect(this);
  }

  /** Commands of one tick leave together. */
  send(command: Pending): void {
    this.pending.add(command);
    if (this.outgoing !== null) {
      this.outgoing.push(command);
      return;
    }
    const batch = [command];
    this.outgoing = batch;
    this.time.immediate(() => {
      this.outgoing = null;
      this.travel(this.out, () => this.arrive(batch));
    });
    this.watch();
  }

  close(): void {
    this.isOpen = false;
    this.way.streams.delete(this);
    this.redis.disconnect(this);
    this.fail();
  }

  /** Broken on the way. */
  hungUp(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.way.streams.delete(this);
    this.redis.disconnect(this);
    this.time.after(this.way.latency(), () =>
      this.process.input(() => {
        this.fail();
        this.callbacks.closed();
      }),
    );
  }

  message(channel: string, text: string): void {
    this.travel(this.back, () => this.hear(() => this.callbacks.message(channel, text)));
  }

  private arrive(batch: readonly Pending[]): void {
    const { redis, time } = this;
    if (redis.stalledUntil > time.now() && redis.isUp) {
      time.after(redis.stalledUntil - time.now(), () => this.arrive(batch));
      return;
    }
    if (!redis.isUp) return this.hungUp();
    // What was sent before the client closed may still be read.
    const taken = this.isOpen ? batch.length : time.random.below(batch.length + 1);
    let replies: (() => void)[] = [];
    let isOver = false;
    for (const command of batch.slice(0, taken)) {
      redis.execute(this, command.name, command.args, (reply, error) => {
        const answer = () => {
          this.pending.delete(command);
          if (error === undefined) command.resolve(reply);
          else command.reject(error);
        };
        if (isOver) this.travel(this.back, () => this.hear(answer));
        else replies.push(answer);
      });
    }
    isOver = true;
    const all = replies;
    replies = [];
    if (all.length > 0)
      this.travel(this.back, () =>
        this.hear(() => {
          for (const answer of all) answer();
        }),
      );
  }

  private hear(what: () => void): void {
    if (!this.isOpen) return;
    this.process.input(() => {
      if (!this.isOpen) return;
      this.heardAt = this.time.now();
      what();
    });
  }

  /** Through a link that is silent it comes when it speaks again. */
  private travel(direction: { at: number }, callback: () => void): void {
    const { time, way } = this;
    direction.at = Math.max(direction.at, time.now() + way.latency(), way.silentUntil);
    time.after(direction.at - time.now(), () => {
      if (way.isSilent()) this.travel(direction, callback);
      else callback();
    });
  }

  /** A link on which nothing comes is cut. */
  private watch(): void {
    if (this.watched) return;
    this.watched = true;
    const { clock } = this.process;
    const check = () => {
      if (!this.isOpen) return;
      if (this.pending.size === 0) {
        this.watched = false;
        return;
      }
      const silent = clock.now() - this.heardAt;
      if (silent >= SILENCE) return this.hungUp();
      clock.after(SILENCE - silent, check);
    };
    clock.after(SILENCE, check);
  }

  private fail(): void {
    for (const { reject } of this.pending) reject(new Error('Connection is closed.'));
    this.pending.clear();
  }
}
