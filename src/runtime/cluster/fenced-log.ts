import { sizeOf } from '../backend/record-size.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../ports/upstream-log.ts';

export interface FencedLogOptions {
  /** Whether the lease surely holds at this moment. */
  readonly holds: () => boolean;
  /** Records that may wait behind the fence, and their bytes by `sizeOf`. */
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/**
 * An upstream log that nothing passes while the node is not sure of its lease: what comes meanwhile waits, bounded,
 * and goes on in order, or is thrown away with the sessions it came from.
 */
export class FencedLog implements UpstreamLog {
  private readonly log: UpstreamLog;
  private readonly options: FencedLogOptions;
  /** Takes everything and keeps nothing: while a node rehearses. */
  isDeaf = false;
  private closed = false;
  private waiting: UpstreamRecord[] = [];
  private bytes = 0;
  private readonly flushing: { resolve: () => void; reject: (error: HoldfastError) => void }[] = [];

  constructor(log: UpstreamLog, options: FencedLogOptions) {
    this.log = log;
    this.options = options;
  }

  /** Records behind the fence. */
  get size(): number {
    return this.waiting.length;
  }

  append(record: UpstreamRecord): void {
    if (this.isDeaf) return;
    const { maxRecords, maxBytes, holds } = this.options;
    if (!this.closed && this.waiting.length === 0 && holds()) return this.log.append(record);
    const bytes = sizeOf(record);
    const isFull = this.waiting.length >= maxRecords || this.bytes + bytes > maxBytes;
    if (isFull && record.kind !== 'disconnect') {
      throw new HoldfastError('unavailable', 'the node has lost touch with the cluster');
    }
    this.waiting.push(record);
    this.bytes += bytes;
  }

  /** Lets nothing through from now on. */
  shut(): void {
    this.closed = true;
  }

  /** Lets through what waits, then everything. `refused` is told what the log does not take. */
  open(refused: (record: UpstreamRecord, error: unknown) => void): void {
    this.closed = false;
    const waiting = this.take();
    for (const record of waiting) {
      try {
        this.log.append(record);
      } catch (error) {
        refused(record, error);
      }
    }
    for (const { resolve } of this.flushing.splice(0)) resolve();
  }

  /** Throws away what waits: somebody else has said the end of these sessions. Returns how many records that were. */
  discard(): number {
    const lost = new HoldfastError('unavailable', 'the node was given up for dead');
    for (const { reject } of this.flushing.splice(0)) reject(lost);
    return this.take().length;
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    return this.log.consume(handler);
  }

  /** Waits for the fence to open as well. */
  async flush(sockets?: readonly string[]): Promise<void> {
    if (this.waiting.length > 0) {
      await new Promise<void>((resolve, reject) => this.flushing.push({ resolve, reject }));
    }
    await this.log.flush(sockets);
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private take(): UpstreamRecord[] {
    const { waiting } = this;
    this.waiting = [];
    this.bytes = 0;
    return waiting;
  }
}
