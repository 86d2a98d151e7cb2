import { sizeOf } from '../backend/record-size.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../ports/upstream-log.ts';

export interface PresentFirstLogOptions {
  /** Records that may wait for presence, and their bytes by `sizeOf`. */
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** Told what the log does not take when presence has its socket at last. */
  readonly refused: (record: UpstreamRecord, error: unknown) => void;
}

/** A socket that presence does not have yet. */
interface Newcomer {
  readonly records: UpstreamRecord[];
  /** Those who wait until it is known what becomes of its records. */
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: HoldfastError) => void }[];
}

/**
 * An upstream log that hears of a socket when presence has it. Whoever buries the node finds its sockets there, so
 * nobody whose beginning the backend heard is without an end. What a socket does meanwhile waits behind its beginning.
 */
export class PresentFirstLog implements UpstreamLog {
  private readonly log: UpstreamLog;
  private readonly options: PresentFirstLogOptions;
  private readonly newcomers = new Map<string, Newcomer>();
  private records = 0;
  private bytes = 0;

  constructor(log: UpstreamLog, options: PresentFirstLogOptions) {
    this.log = log;
    this.options = options;
  }

  /** @param written resolves when presence has the socket */
  expect(socket: string, written: Promise<void>): void {
    const newcomer = { records: [], waiting: [] };
    this.newcomers.set(socket, newcomer);
    void written.then(() => this.release(socket, newcomer));
  }

  /** Records that wait for presence. */
  get size(): number {
    return this.records;
  }

  append(record: UpstreamRecord): void {
    const newcomer = this.newcomers.size === 0 ? undefined : this.newcomers.get(record.key);
    if (newcomer === undefined) return this.log.append(record);
    const { maxRecords, maxBytes } = this.options;
    const bytes = sizeOf(record);
    const isFull = this.records >= maxRecords || this.bytes + bytes > maxBytes;
    if (isFull && record.kind !== 'disconnect') {
      throw new HoldfastError('unavailable', 'presence cannot be written');
    }
    newcomer.records.push(record);
    this.records++;
    this.bytes += bytes;
  }

  /** Throws away what waits: somebody else has said that the node is lost. Returns how many records that were. */
  discard(): number {
    const lost = this.records;
    const error = new HoldfastError('unavailable', 'the node was given up for dead');
    for (const { waiting } of this.newcomers.values()) for (const { reject } of waiting) reject(error);
    this.newcomers.clear();
    this.records = 0;
    this.bytes = 0;
    return lost;
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    return this.log.consume(handler);
  }

  /** Waits for presence as well. One socket that presence cannot take holds up nobody who waits for others. */
  async flush(sockets: Iterable<string> = this.newcomers.keys()): Promise<void> {
    const passed: Promise<void>[] = [];
    for (const socket of sockets) {
      const newcomer = this.newcomers.get(socket);
      if (newcomer === undefined) continue;
      passed.push(new Promise((resolve, reject) => newcomer.waiting.push({ resolve, reject })));
    }
    if (passed.length > 0) await Promise.all(passed);
    await this.log.flush();
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private release(socket: string, newcomer: Newcomer): void {
    if (this.newcomers.get(socket) !== newcomer) return;
    this.newcomers.delete(socket);
    for (const record of newcomer.records) {
      this.records--;
      this.bytes -= sizeOf(record);
      try {
        this.log.append(record);
      } catch (error) {
        this.options.refused(record, error);
      }
    }
    for (const { resolve } of newcomer.waiting) resolve();
  }
}
