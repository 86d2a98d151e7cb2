/**
 * The arithmetic of token buckets. A bucket is a single number, the monotonic time (ms) at which it would be full
 * again: each token taken moves it on by what one token takes to flow in, and the bucket is empty when that time is too
 * far ahead. That says as much as a level with the time of its last change, in half the memory, and nothing has to be
 * refilled.
 */
export class BucketShape {
  readonly #perToken: number;
  readonly #furthest: number;

  /**
   * @param rate tokens that flow in within a second, above 0.
   * @param burst tokens a full bucket holds; 0 = what flows in within a second.
   */
  constructor(rate: number, burst: number) {
    this.#perToken = 1000 / rate;
    this.#furthest = ((burst || Math.max(1, rate)) - 1) * this.#perToken + ROUNDING;
  }

  /** The bucket after a token was taken from it at `now`, or `EMPTY` when there was none to take. */
  take(fullAt: number, now: number): number {
    const from = Math.max(fullAt, now);
    return from - now > this.#furthest ? EMPTY : from + this.#perToken;
  }
}

/** What `take` returns when the bucket has no token. */
export const EMPTY = -1;
/** A bucket that is full at any time. */
export const FULL = 0;

/** Ms. Sums of what is no exact double must not cost the last token of a burst. */
const ROUNDING = 1e-3;
