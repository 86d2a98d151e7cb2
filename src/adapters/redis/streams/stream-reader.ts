import type { Clock, TimerHandle } from '../../../runtime/ports/clock.ts';
import type { Log } from '../../../runtime/ports/log.ts';
import type { RedisClient, RedisConnection } from '../redis-client.ts';

export interface StreamReaderOptions {
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly key: string;
  /** @param number grows with each letter of a sender */
  readonly receive: (sender: string, number: number, bytes: Uint8Array) => void;
  readonly gap: () => void;
}

type Entry = [id: Buffer, fields: Buffer[]];

/** A read blocks this long, ms; one that takes longer than `OVERDUE` hangs on a link that is half open. */
const BLOCK = 2_000;
const OVERDUE = 6_000;
const AT_ONCE = 1_000;
const PAUSE = 250;
/** How often is looked whether the connection stands, ms. */
const CONNECTING = 20;
/** A stream whose node died vanishes by itself, s. */
const LIFETIME = 120;
const MAINTAIN_EVERY = 10_000;

/**
 * Reads one stream from where it was opened, in order and without end. What was read is trimmed off it. A stream that
 * goes back behind what was read has lost something in a failover, and that is said.
 */
export class StreamReader {
  /** Resolves when the stream exists: what is added to it from then on is read. */
  readonly reading: Promise<void>;
  private readonly options: StreamReaderOptions;
  private connection: RedisConnection;
  private position = '0';
  private trimmed = '0';
  private closed = false;
  private begun: () => void = () => {};
  private maintenance: TimerHandle | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(options: StreamReaderOptions) {
    this.options = options;
    this.connection = options.client.dedicated('blocking');
    this.reading = new Promise((resolve) => {
      this.begun = resolve;
    });
  }

  start(): void {
    this.maintenance = this.options.clock.every(MAINTAIN_EVERY, () => void this.maintain());
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.closed = true;
    const { client, clock, key } = this.options;
    if (this.maintenance !== null) clock.cancel(this.maintenance);
    client.drop(this.connection);
    await this.running;
    await client
      .run((redis) => Promise.all([redis.set(closedKey(key), '1', 'EX', LIFETIME), redis.del(key)]))
      .catch(() => {});
  }

  private async run(): Promise<void> {
    let opened = false;
    let troubled = false;
    let hasRead = false;
    while (!this.closed) {
      try {
        if (!opened) await this.create();
        opened = true;
        if (this.connection.status !== 'ready') {
          troubled = troubled || hasRead;
          await this.pause(CONNECTING);
          continue;
        }
        if (troubled) await this.lookForGap();
        troubled = false;
        await this.read();
        hasRead = true;
      } catch (error) {
        if (this.closed) return;
        if (!troubled) this.options.log.warn({ err: error }, 'the mailbox cannot be read; trying again');
        troubled = true;
        await this.pause(PAUSE);
      }
    }
  }

  private async create(): Promise<void> {
    const { client, key } = this.options;
    const id = await client.run(async (redis) => {
      const first = await redis.xadd(key, '*', 'from', '');
      await redis.expire(key, LIFETIME);
      return first;
    });
    this.position = String(id);
    this.begun();
  }

  private async read(): Promise<void> {
    const { key } = this.options;
    const reply = await this.inTime(
      this.connection.xreadBuffer('COUNT', AT_ONCE, 'BLOCK', BLOCK, 'STREAMS', key, this.position),
    );
    const entries = ((reply as [Buffer, Entry[]][] | null)?.[0]?.[1] ?? []) as Entry[];
    for (const [id, fields] of entries) {
      if (this.closed) return;
      this.position = id.toString();
      this.handOver(fields);
    }
  }

  /** `from`, who that is, then number and bytes of each letter. */
  private handOver(fields: readonly Buffer[]): void {
    const sender = fields[1]!.toString();
    for (let at = 2; at < fields.length; at += 2) {
      if (this.closed) return;
      this.options.receive(sender, Number(fields[at]!.toString()), fields[at + 1]!);
    }
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

  private async lookForGap(): Promise<void> {
    const { client, key, gap, log } = this.options;
    const last = await client.run(async (redis) => {
      if ((await redis.exists(key)) === 0) return null;
      const info = (await redis.xinfo('STREAM', key)) as unknown[];
      return String(info[info.indexOf('last-generated-id') + 1]);
    });
    if (last !== null && compareIds(last, this.position) >= 0) return;
    log.error({}, 'letters to this node may have been lost: Redis is behind what was read');
    if (last === null) await this.create();
    else this.position = last;
    gap();
  }

  private async maintain(): Promise<void> {
    const { client, key, log } = this.options;
    const { position } = this;
    try {
      await client.run(async (redis) => {
        await redis.expire(key, LIFETIME);
        // The last one read stays, so that the stream remembers where it is.
        if (position !== this.trimmed) await redis.xtrim(key, 'MINID', position);
      });
      this.trimmed = position;
    } catch (error) {
      log.debug({ err: error }, 'the mailbox was not trimmed');
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.after(ms, resolve));
  }
}

/** Says of a stream that is not there that it will not come again. */
export function closedKey(key: string): string {
  return `${key}:closed`;
}

/** Ids of stream entries are `ms-sequence`. */
export function compareIds(a: string, b: string): number {
  const [aTime, aSequence] = a.split('-').map(Number) as [number, number?];
  const [bTime, bSequence] = b.split('-').map(Number) as [number, number?];
  return aTime - bTime || (aSequence ?? 0) - (bSequence ?? 0);
}
