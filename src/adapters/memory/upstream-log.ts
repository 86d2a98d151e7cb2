import { sizeOf } from '../../runtime/backend/record-size.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../../runtime/ports/upstream-log.ts';
import { type UpstreamConsumer, type UpstreamEntry, UpstreamPartition } from './upstream-partition.ts';

export interface MemoryUpstreamLogOptions {
  readonly clock: Pick<Clock, 'after' | 'cancel'>;
  /** Runs a callback soon, after the current event was handled. `setImmediate` in a process, the scheduler in a test. */
  readonly defer: (callback: () => void) => void;
  /** The same, but only after the event loop had its turn: what a long backlog goes on with. `defer` if left out. */
  readonly yieldTo?: (callback: () => void) => void;
  /** Records that may be unsettled at one time. */
  readonly maxRecords?: number;
  /** Bytes they may take, by `sizeOf`. */
  readonly maxBytes?: number;
}

const PARTITIONS = 64;
/** Records handed out before the event loop gets its turn. */
const BATCH = 1024;
const LEAST_SHARE = 16;

/**
 * The log of a single process. Its storage is its memory: what was accepted is lost with the process and with
 * nothing else.
 *
 * Appending links one entry and nothing more; records are handed out in batches by `defer`. Unsettled records are
 * bounded by count and bytes, above which `append` throws `resource_exhausted`. Disconnect records are accepted beyond
 * the bound: each socket has only one, so they bound themselves, and nobody would be left to say it again.
 */
export class MemoryUpstreamLog implements UpstreamLog {
  readonly #clock: Pick<Clock, 'after' | 'cancel'>;
  readonly #defer: (callback: () => void) => void;
  readonly #yieldTo: (callback: () => void) => void;
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #partitions = Array.from({ length: PARTITIONS }, () => new UpstreamPartition());
  readonly #consumers: UpstreamConsumer[] = [];
  #ready: UpstreamPartition[] = [];
  #deferred = false;
  #closed = false;
  #records = 0;
  #bytes = 0;

  constructor(options: MemoryUpstreamLogOptions) {
    this.#clock = options.clock;
    this.#defer = options.defer;
    this.#yieldTo = options.yieldTo ?? options.defer;
    this.#maxRecords = options.maxRecords ?? 100_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  }

  /** Unsettled records. */
  get size(): number {
    return this.#records;
  }

  /** Bytes that the unsettled records take, estimated. */
  get byteLength(): number {
    return this.#bytes;
  }

  append(record: UpstreamRecord): void {
    if (this.#closed) throw new HoldfastError('unavailable', 'the upstream log is closed');
    const bytes = sizeOf(record);
    if (
      (this.#records >= this.#maxRecords || this.#bytes + bytes > this.#maxBytes) &&
      record.kind !== 'disconnect'
    ) {
      throw new HoldfastError(
        'resource_exhausted',
        'the upstream log is full: the backend takes records more slowly than clients send them',
      );
    }
    this.#records += 1;
    this.#bytes += bytes;
    const partition = this.#partitions[partitionOf(record.key)]!;
    partition.append(record, bytes);
    this.#schedule(partition);
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    if (this.#closed) throw new HoldfastError('unavailable', 'the upstream log is closed');
    const consumer: UpstreamConsumer = {
      handler,
      outstanding: 0,
      drained: null,
      isGone: false,
      standing: () => (consumer.isGone ? 'taken back' : 'ours'),
    };
    this.#consumers.push(consumer);
    this.#rebalance();
    let stopped: Promise<void> | null = null;
    return {
      stop: (deadline) => {
        stopped ??= this.#stop(consumer, deadline);
        return stopped;
      },
    };
  }

  /** Memory is the storage: everything appended was accepted by it. */
  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#consumers.slice().map((consumer) => this.#stop(consumer, 0)));
  }

  /** Shares the partitions out among the consumers that are left. */
  #rebalance(): void {
    const active = this.#consumers;
    for (const [index, partition] of this.#partitions.entries()) {
      partition.assign(active.length === 0 ? null : active[index % active.length]!);
      this.#schedule(partition);
    }
  }

  #schedule(partition: UpstreamPartition, soon = this.#defer): void {
    if (partition.scheduled || !partition.ready) return;
    partition.scheduled = true;
    this.#ready.push(partition);
    if (this.#deferred) return;
    this.#deferred = true;
    soon(this.#handOut);
  }

  readonly #handOut = (): void => {
    this.#deferred = false;
    const ready = this.#ready;
    this.#ready = [];
    for (const partition of ready) partition.scheduled = false;
    // A socket that talks without pause gets its partition's share and waits for the next turn like the others.
    const share = Math.max(LEAST_SHARE, Math.floor(BATCH / ready.length));
    try {
      for (const partition of ready) {
        for (let left = share; left > 0 && partition.ready; left--) this.#handOutOne(partition.take());
      }
    } finally {
      for (const partition of ready) this.#schedule(partition, this.#yieldTo);
    }
  };

  #handOutOne(entry: UpstreamEntry): void {
    const holder = entry.holder!;
    holder.handler(entry.record, () => this.#settle(entry, holder), holder.standing);
  }

  #settle(entry: UpstreamEntry, by: UpstreamConsumer): void {
    // Settled before, or taken back from this consumer and handed to another one.
    if (entry.holder !== by) return;
    this.#records -= 1;
    this.#bytes -= entry.bytes;
    entry.partition.settle(entry);
    this.#schedule(entry.partition);
    if (by.outstanding === 0) by.drained?.();
  }

  async #stop(consumer: UpstreamConsumer, deadline: number): Promise<void> {
    if (!this.#consumers.includes(consumer)) return;
    this.#consumers.splice(this.#consumers.indexOf(consumer), 1);
    this.#rebalance();
    if (consumer.outstanding > 0 && deadline > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(deadline, resolve);
        consumer.drained = () => {
          this.#clock.cancel(timer);
          resolve();
        };
      });
    }
    consumer.isGone = true;
    for (const partition of this.#partitions) {
      if (partition.owner !== consumer) continue;
      partition.revoke();
      this.#schedule(partition);
    }
  }
}

/** Sockets spread over the partitions by their key (FNV-1a). */
function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) & (PARTITIONS - 1);
}
