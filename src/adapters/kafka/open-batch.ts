import type { EachBatchPayload } from 'kafkajs';
import type { Clock } from '../../runtime/ports/clock.ts';

const HEARTBEAT_EVERY = 1_000;
/** How long a rebalance is held up for records in hand, ms; within the group's rebalance timeout. */
const SETTLE_BEFORE_REBALANCE = 20_000;

/**
 * The records of one batch, in the hands of whoever handles them. The batch is held until they are settled, and with
 * it a rebalance: a socket's records are not in two hands at once. Committed is what was settled in front.
 */
export class OpenBatch {
  private readonly payload: EachBatchPayload;
  private readonly clock: Clock;
  private readonly isStopping: () => boolean;
  private readonly pending = new Set<string>();
  private readonly offsets: string[] = [];
  private abandoned = false;
  private changed: () => void = () => {};

  constructor(payload: EachBatchPayload, clock: Clock, isStopping: () => boolean) {
    this.payload = payload;
    this.clock = clock;
    this.isStopping = isStopping;
  }

  get isOpen(): boolean {
    return this.pending.size > 0;
  }

  /** One more record; returns what settles it. */
  add(offset: string): () => void {
    this.pending.add(offset);
    this.offsets.push(offset);
    return () => {
      if (this.abandoned || !this.pending.delete(offset)) return;
      if (this.pending.size === 0) this.changed();
    };
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.abandoned = true;
    this.changed();
  }

  /** Resolves when all are settled and that was committed; rejects for a rebalance, after having waited for them. */
  async settled(): Promise<void> {
    let rebalancing: unknown = null;
    let until = Number.POSITIVE_INFINITY;
    while (this.pending.size > 0 && !this.abandoned && this.clock.now() < until) {
      await this.wait();
      if (rebalancing !== null) continue;
      try {
        await this.payload.heartbeat();
      } catch (error) {
        rebalancing = error;
        until = this.clock.now() + SETTLE_BEFORE_REBALANCE;
      }
    }
    await this.commit();
    this.abandoned = true;
    if (rebalancing !== null) throw rebalancing;
  }

  private async commit(): Promise<void> {
    const { batch, resolveOffset, commitOffsetsIfNecessary } = this.payload;
    const firstPending = this.offsets.findIndex((offset) => this.pending.has(offset));
    const settled = firstPending < 0 ? this.offsets.length : firstPending;
    if (settled === 0) return;
    const last = this.offsets[settled - 1]!;
    resolveOffset(last);
    const offset = (BigInt(last) + 1n).toString();
    const { topic, partition } = batch;
    await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
  }

  private wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.after(this.isStopping() ? 50 : HEARTBEAT_EVERY, resolve);
      this.changed = () => {
        this.clock.cancel(timer);
        resolve();
      };
      if (this.pending.size === 0) this.changed();
    });
  }
}
