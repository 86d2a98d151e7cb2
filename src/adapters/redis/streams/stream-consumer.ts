import { randomUUID } from 'node:crypto';
import { RepeatedLines } from '../../../runtime/log/repeated-lines.ts';
import type { Clock } from '../../../runtime/ports/clock.ts';
import type { Log } from '../../../runtime/ports/log.ts';
import type { Standing, UpstreamHandler } from '../../../runtime/ports/upstream-log.ts';
import { unpackRecord } from '../../../runtime/wire/record-pack.ts';
import type { RedisClient, RedisConnection } from '../redis-client.ts';
import { type Holding, Ownership } from './ownership.ts';
import { PARTITIONS, partitionKey } from './partitions.ts';

export interface StreamConsumerOptions {
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  readonly handler: UpstreamHandler;
}

type Entry = [id: Buffer, fields: Buffer[]];

/** A partition that this consumer reads. */
interface Held {
  /** Up to where it was read. */
  position: string;
  /** Handed out and not settled, by id. */
  readonly unsettled: Set<string>;
  /** Settled, and not yet said to Redis. */
  settled: Set<string>;
  /** Another consumer's turn: nothing more is handed out. */
  leaving: boolean;
  /** Whose that is which was handed out of it. */
  readonly standing: () => Standing;
}

/** Life of a partition's lock without renewal, ms. */
const TTL = 5_000;
const RENEW_EVERY = 1_000;
const BLOCK = 200;
const OVERDUE = 5_000;
const AT_ONCE = 200;
const MAX_UNSETTLED = 5_000;
const PAUSE = 250;
/** How often is looked whether the connection stands, ms. */
const CONNECTING = 20;
/** Before everything in a partition. */
const START = '0';

/**
 * Reads the partitions that fall to it and hands their records out in order. What is settled is deleted, so what a
 * partition holds is what is not settled: it goes to another consumer when this has let go of it, or died, and that one
 * reads it from the start.
 *
 * Who has read what is remembered here, not by Redis: a group of Redis would count a read as delivered whose answer was
 * lost with the connection, or that Redis came to after its reader had left, and what comes behind would overtake it.
 */
export class StreamConsumer {
  private readonly options: StreamConsumerOptions;
  private readonly consumer = randomUUID();
  private readonly ownership: Ownership;
  private readonly lines: RepeatedLines;
  private readonly held = new Map<number, Held>();
  private connection: RedisConnection;
  private renewedAt = Number.NEGATIVE_INFINITY;
  private unsettled = 0;
  /** Another Redis may answer than before, which knows other owners. */
  private isInDoubt = false;
  private stopping = false;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private wake: () => void = () => {};

  constructor(options: StreamConsumerOptions) {
    this.options = options;
    this.lines = new RepeatedLines(options.log, options.clock, { onHeldBack: options.onHeldBack });
    this.ownership = new Ownership(options.client, this.consumer, TTL);
    this.connection = options.client.dedicated('blocking');
  }

  start(): void {
    this.running = this.run();
  }

  /** Hands out nothing more; resolves when what was is settled, or after `deadline` ms. */
  async stop(deadline: number): Promise<void> {
    if (this.stopped) return;
    this.stopping = true;
    const { clock, client } = this.options;
    const end = clock.now() + deadline;
    while (this.unsettled > 0 && clock.now() < end) await this.pause(5);
    this.stopped = true;
    this.wake();
    await this.running;
    try {
      await this.acknowledge();
      this.loseAll();
      await this.ownership.leave();
    } catch {
      // The locks run out by themselves.
      this.loseAll();
    }
    client.drop(this.connection);
  }

  /** The locks of what it holds may have. */
  private get hasRunOut(): boolean {
    return this.options.clock.now() - this.renewedAt > TTL;
  }

  private async run(): Promise<void> {
    let isTroubled = false;
    while (!this.stopped) {
      try {
        await this.acknowledge();
        if (this.connection.status !== 'ready') {
          this.isInDoubt = true;
          await this.pause(CONNECTING);
          continue;
        }
        // Another Redis may answer than before, whose ids go on from an earlier one. What is known is not handed out twice.
        if (this.isInDoubt) for (const held of this.held.values()) held.position = START;
        await this.claim();
        this.isInDoubt = false;
        await this.read();
        isTroubled = false;
      } catch (error) {
        if (this.stopped) return;
        if (!isTroubled)
          this.options.log.warn({ err: error }, 'the upstream log cannot be read; trying again');
        isTroubled = true;
        this.isInDoubt = true;
        if (this.hasRunOut) this.loseAll();
        await this.pause(PAUSE);
      }
    }
  }

  private async claim(): Promise<void> {
    const { clock } = this.options;
    const now = clock.now();
    const isReleasable = [...this.held.values()].some((held) => held.leaving && isDone(held));
    if (now - this.renewedAt < RENEW_EVERY && !isReleasable && !this.isInDoubt) return;
    // Somebody else may own them by now: what comes back decides.
    if (this.hasRunOut) this.loseAll();
    const holdings = Array.from({ length: PARTITIONS }, (_, partition): Holding => {
      const held = this.held.get(partition);
      if (held === undefined) return this.stopping ? 'release' : 'none';
      return held.leaving && isDone(held) ? 'release' : 'keep';
    });
    const claims = await this.ownership.claim(holdings);
    this.renewedAt = now;
    for (const [partition, claim] of claims.entries()) {
      if (claim === 'not ours') {
        this.lose(partition);
        continue;
      }
      const held = this.held.get(partition) ?? this.newlyHeld(partition);
      held.leaving = claim === 'leaving';
      this.held.set(partition, held);
    }
  }

  private async read(): Promise<void> {
    const open = [...this.held].filter(([, held]) => !held.leaving);
    if (open.length === 0 || this.stopping || this.unsettled >= MAX_UNSETTLED) return this.pause(20);
    const reply = await this.inTime(
      this.connection.xreadBuffer(
        'COUNT',
        AT_ONCE,
        'BLOCK',
        BLOCK,
        'STREAMS',
        ...open.map(([partition]) => partitionKey(partition)),
        ...open.map(([, { position }]) => position),
      ) as Promise<unknown>,
    );
    // A process that stood still finds answers of a time when the partitions were its own.
    if (this.hasRunOut) return this.loseAll();
    for (const [key, entries] of (reply ?? []) as [Buffer, Entry[]][]) {
      const partition = Number(key.toString().slice(key.toString().lastIndexOf(':') + 1));
      const held = this.held.get(partition);
      if (held !== undefined) for (const entry of entries) this.handOut(partition, held, entry);
    }
  }

  private handOut(partition: number, held: Held, [idBytes, fields]: Entry): void {
    // What a read brings in after that stays with Redis, for whoever reads the partition next.
    if (this.stopping || this.held.get(partition) !== held) return;
    const id = idBytes.toString();
    held.position = id;
    if (held.unsettled.has(id) || held.settled.has(id)) return;
    const record = unpackRecord(fields[1]!);
    if (record === null) {
      this.lines.error(
        'entry',
        { id, partition },
        'an entry of the upstream log cannot be read; it is skipped',
      );
      held.settled.add(id);
      return;
    }
    held.unsettled.add(id);
    this.unsettled++;
    const settle = () => {
      if (!held.unsettled.delete(id)) return;
      this.unsettled--;
      held.settled.add(id);
      this.wake();
    };
    this.options.handler(record, settle, held.standing);
  }

  private async acknowledge(): Promise<void> {
    for (const [partition, held] of this.held) {
      const { settled } = held;
      if (settled.size === 0) continue;
      held.settled = new Set();
      try {
        await this.options.client.run((redis) => redis.xdel(partitionKey(partition), ...settled));
      } catch (error) {
        for (const id of settled) held.settled.add(id);
        throw error;
      }
    }
  }

  private newlyHeld(partition: number): Held {
    const held: Held = {
      position: START,
      unsettled: new Set(),
      settled: new Set(),
      leaving: false,
      standing: () => {
        // A process that stood still is asked before it has found out by itself.
        if (this.hasRunOut) this.loseAll();
        if (this.held.get(partition) !== held) return 'taken back';
        return this.isInDoubt || this.connection.status !== 'ready' ? 'in doubt' : 'ours';
      },
    };
    return held;
  }

  /** What was handed out of it may be settled, but is nobody's business here any more. */
  private lose(partition: number): void {
    const held = this.held.get(partition);
    if (held === undefined) return;
    this.held.delete(partition);
    this.unsettled -= held.unsettled.size;
    held.unsettled.clear();
  }

  private loseAll(): void {
    for (const partition of [...this.held.keys()]) this.lose(partition);
  }

  /** Cuts a connection on which nothing comes back although the read must have ended. */
  private async inTime<T>(read: Promise<T>): Promise<T> {
    const { client, clock } = this.options;
    const timer = clock.after(OVERDUE, () => {
      client.drop(this.connection);
      this.connection = client.dedicated('blocking');
    });
    try {
      return await read;
    } finally {
      clock.cancel(timer);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.after(ms, resolve);
      this.wake = () => {
        this.options.clock.cancel(timer);
        resolve();
      };
    });
  }
}

function isDone(held: Held): boolean {
  return held.unsettled.size === 0 && held.settled.size === 0;
}
