import type { Clock } from '../ports/clock.ts';
import { BucketShape, EMPTY, FULL } from './bucket-shape.ts';

export interface TokenBucketOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Tokens that flow into each bucket in a second, above 0. */
  readonly rate: number;
  /** Tokens a full bucket holds; 0 = what flows in within a second. */
  readonly burst: number;
}

const FIRST_CAPACITY = 256;

/** One token bucket per row, eight bytes each. A row never seen has a full one. */
export class TokenBuckets {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #shape: BucketShape;
  #fullAt = new Float64Array(FIRST_CAPACITY).fill(FULL);

  constructor({ clock, rate, burst }: TokenBucketOptions) {
    this.#clock = clock;
    this.#shape = new BucketShape(rate, burst);
  }

  /** Fills the bucket of a row that begins a new life. */
  reset(row: number): void {
    if (row < this.#fullAt.length) this.#fullAt[row] = FULL;
  }

  /** Takes a token from the row's bucket; false, and nothing taken, when it is empty. */
  take(row: number): boolean {
    if (row >= this.#fullAt.length) this.#grow(row);
    const fullAt = this.#shape.take(this.#fullAt[row]!, this.#clock.now());
    if (fullAt === EMPTY) return false;
    this.#fullAt[row] = fullAt;
    return true;
  }

  #grow(row: number): void {
    let capacity = this.#fullAt.length;
    while (capacity <= row) capacity *= 2;
    const wider = new Float64Array(capacity).fill(FULL);
    wider.set(this.#fullAt);
    this.#fullAt = wider;
  }
}
