import type { Log } from '../ports/log.ts';

export interface QueueLimits {
  /** Records of one socket. */
  readonly perSocket: number;
  /** Records of all. */
  readonly total: number;
  /** Of the bodies of all. */
  readonly maxBytes: number;
}

/** How much waits for the backend, and whether there is room for more. */
export class QueueBounds {
  readonly #limits: QueueLimits;
  readonly #log: Log;
  #isFull = false;
  records = 0;
  bytes = 0;

  constructor(limits: QueueLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  came(bytes: number): void {
    this.records++;
    this.bytes += bytes;
  }

  left(bytes: number): void {
    this.records--;
    this.bytes -= bytes;
  }

  /** Whether a record of so many bytes is too much, beside `ofSocket` others of its socket. Says in the log when that changes. */
  overflow(ofSocket: number, bytes: number): boolean {
    const { perSocket, total, maxBytes } = this.#limits;
    const isFull = this.records >= total || this.bytes + bytes > maxBytes;
    if (isFull !== this.#isFull) {
      this.#isFull = isFull;
      if (isFull) this.#log.error({ records: this.records, bytes: this.bytes }, 'backend queue is full');
      else this.#log.info({}, 'backend queue has room again');
    }
    return isFull || ofSocket >= perSocket;
  }
}
