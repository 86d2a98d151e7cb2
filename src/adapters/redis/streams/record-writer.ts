import { sizeOf } from '../../../runtime/backend/record-size.ts';
import { Flushes } from '../../../runtime/cluster/flushes.ts';
import { HoldfastError } from '../../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../../runtime/ports/clock.ts';
import type { Incarnation } from '../../../runtime/ports/lease-store.ts';
import type { Log } from '../../../runtime/ports/log.ts';
import type { UpstreamRecord } from '../../../runtime/ports/upstream-log.ts';
import { packRecord } from '../../../runtime/wire/record-pack.ts';
import type { RedisClient } from '../redis-client.ts';
import { APPEND, writerKey } from './append.ts';
import { PARTITIONS, partitionKey, partitionOf } from './partitions.ts';

export interface RecordWriterLimits {
  /** Records, and bytes of them, that may wait for Redis. */
  readonly maxRecords: number;
  readonly maxBytes: number;
}

interface RecordWriterOptions extends RecordWriterLimits {
  /** The incarnation that writes. */
  readonly self: Incarnation;
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly holds?: () => boolean;
  readonly refused: (record: UpstreamRecord, error: unknown) => void;
  readonly left: (milliseconds: number) => void;
}

interface Waiting {
  readonly record: UpstreamRecord;
  readonly bytes: number;
  readonly since: number;
  readonly place: number;
}

/** Redis does nothing else while it takes a batch. */
const AT_ONCE = 500;
const BATCH_BYTES = 1024 * 1024;
const PAUSE = 250;
/** A record that has waited so long (ms) for Redis is given up, unless it is the end of a socket. */
const GIVE_UP_AFTER = 60_000;
/** Records that may wait for consumers, all partitions together; looked at so often, ms. */
const MAX_BACKLOG = 1_000_000;
const BACKLOG_CHECK = 1_000;

/**
 * The appending side: records wait in order until Redis has taken them, one batch on its way at a time. A batch that
 * failed is sent again; Redis knows by their places which of its records it has, so that nothing is doubled or overtaken.
 */
export class RecordWriter {
  private readonly options: RecordWriterOptions;
  private waiting: Waiting[] = [];
  private bytes = 0;
  private writing = false;
  private closed = false;
  private backlog = 0;
  private backlogReadAt = Number.NEGATIVE_INFINITY;
  private readonly flushes = new Flushes();

  constructor(options: RecordWriterOptions) {
    this.options = options;
  }

  /** Records that wait, or are on their way. */
  get size(): number {
    return this.waiting.length;
  }

  append(record: UpstreamRecord): void {
    if (this.closed) throw new HoldfastError('unavailable', 'the upstream log is closed');
    const bytes = sizeOf(record);
    const { maxRecords, maxBytes, clock } = this.options;
    const isFull =
      this.waiting.length >= maxRecords || this.bytes + bytes > maxBytes || this.backlog >= MAX_BACKLOG;
    // Each socket ends once: these bound themselves, and nobody would be left to say it again.
    if (isFull && record.kind !== 'disconnect') {
      throw new HoldfastError('resource_exhausted', 'the upstream log is full');
    }
    this.waiting.push({ record, bytes, since: clock.now(), place: this.flushes.next() });
    this.bytes += bytes;
    if (this.writing) return;
    this.writing = true;
    // Whatever else comes in this tick leaves with it.
    setImmediate(() => void this.write());
  }

  /** Resolves when Redis has taken everything appended so far; rejects when it never will. */
  flush(): Promise<void> {
    if (this.waiting.length === 0) return Promise.resolve();
    if (!this.writing) return Promise.reject(notTaken());
    return this.flushes.wait();
  }

  close(): void {
    this.closed = true;
  }

  private async write(): Promise<void> {
    let isTroubled = false;
    while (this.waiting.length > 0) {
      if (this.options.holds?.() === false) {
        // Not ours to say, perhaps not ever: thrown away with the node's number when it is closed.
        if (this.closed) break;
        await new Promise<void>((resolve) => this.options.clock.after(PAUSE, resolve));
        continue;
      }
      const batch = this.batch();
      const leaves = this.options.clock.wallNow();
      try {
        await this.send(batch, leaves);
      } catch (error) {
        if (!isTroubled) this.options.log.warn({ err: error }, 'records wait: Redis does not take them');
        isTroubled = true;
        if (this.closed) break;
        this.giveUpOld(error);
        await new Promise<void>((resolve) => this.options.clock.after(PAUSE, resolve));
        continue;
      }
      isTroubled = false;
      for (const { bytes, record } of batch) {
        this.bytes -= bytes;
        this.options.left(Math.max(0, leaves - record.time));
      }
      this.waiting.splice(0, batch.length);
      this.flushes.advance(this.waiting[0]?.place);
      await this.lookAtBacklog();
    }
    this.writing = false;
    this.flushes.advance(this.waiting[0]?.place);
    this.flushes.fail(notTaken());
  }

  private batch(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    const { place } = this.waiting[0]!;
    for (; count < this.waiting.length && count < AT_ONCE; count++) {
      // Some between them were given up.
      if (this.waiting[count]!.place !== place + count) break;
      bytes += this.waiting[count]!.bytes;
      if (bytes > BATCH_BYTES && count > 0) break;
    }
    return this.waiting.slice(0, count);
  }

  /** All of them, or none. */
  private async send(batch: readonly Waiting[], leaves: number): Promise<void> {
    const keys = [writerKey(this.options.self)];
    const places = new Map<number, number>();
    const values: (string | Buffer)[] = [String(batch[0]!.place)];
    for (const { record } of batch) {
      const partition = partitionOf(record.key);
      if (!places.has(partition)) places.set(partition, keys.push(partitionKey(partition)));
      values.push(String(places.get(partition)), Buffer.from(packRecord(record, leaves)));
    }
    const appended = await this.options.client.run((redis) =>
      redis.eval(APPEND, keys.length, ...keys, ...values),
    );
    if (appended === 0) throw new HoldfastError('unavailable', 'this node was given up for dead');
  }

  private giveUpOld(error: unknown): void {
    const tooOld = this.options.clock.now() - GIVE_UP_AFTER;
    if (this.waiting.length === 0 || this.waiting[0]!.since > tooOld) return;
    const kept: Waiting[] = [];
    for (const one of this.waiting) {
      if (one.since > tooOld || one.record.kind === 'disconnect') {
        kept.push(one);
      } else {
        this.bytes -= one.bytes;
        this.options.refused(one.record, error);
      }
    }
    this.waiting = kept;
  }

  private async lookAtBacklog(): Promise<void> {
    const { client, clock } = this.options;
    if (clock.now() - this.backlogReadAt < BACKLOG_CHECK) return;
    this.backlogReadAt = clock.now();
    try {
      const keys = Array.from({ length: PARTITIONS }, (_, partition) => partitionKey(partition));
      const lengths = await client.run((redis) => Promise.all(keys.map((key) => redis.xlen(key))));
      this.backlog = lengths.reduce((sum, length) => sum + length, 0);
    } catch {
      // Appending will find out by itself.
    }
  }
}

function notTaken(): HoldfastError {
  return new HoldfastError('unavailable', 'the upstream log was closed before Redis had taken all records');
}
