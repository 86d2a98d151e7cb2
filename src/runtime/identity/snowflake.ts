import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Snowflakes: 63-bit ids that never repeat in a cluster and sort by time.
 *
 * ```
 *   bit 62                       22 21        12 11         0
 *       | milliseconds (41 bits)   | node (10)  | sequence (12) |
 *       |------ hi: 31 bits ------|------------ lo: 32 bits ----|
 * ```
 *
 * Time counts from `SNOWFLAKE_EPOCH` and lasts until September 2095. An id is held as two unsigned numbers, `hi` and
 * `lo`, because BigInt allocates; people and other machines see the decimal form (`snowflake-decimal.ts`).
 */
export interface SnowflakeParts {
  /** Upper 31 bits. */
  hi: number;
  /** Lower 32 bits, unsigned. */
  lo: number;
}

/** 2026-01-01T00:00:00Z, ms since 1970. */
export const SNOWFLAKE_EPOCH = Date.UTC(2026, 0, 1);
export const MAX_NODE = 1023;
/**
 * How far (ms) ids may run ahead of the clock. A clock that steps back by less is waited out on borrowed
 * milliseconds; one that steps back by more is refused, because nobody knows which of the two times was true.
 */
export const MAX_BORROWED = 2_000;

const MAX_SEQUENCE = 4095;
const MAX_TIME = 2 ** 41 - 1;

export interface SnowflakeOptions {
  readonly clock: Pick<Clock, 'wallNow'>;
  /** 0 to 1023. Two generators with one number at one time issue the same ids: whoever gives it out leases it. */
  readonly node: number;
  /** Ms since 1970: every id will be later than any issued up to then. What the lease on `node` recorded. */
  readonly floor?: number;
}

/**
 * Issues ids that strictly increase in this process. `next` writes into `hi` and `lo` instead of returning an
 * object; read them before the next call.
 */
export class SnowflakeGenerator implements SnowflakeParts {
  hi = 0;
  lo = 0;
  readonly node: number;
  readonly #clock: Pick<Clock, 'wallNow'>;
  readonly #nodeBits: number;
  /** Time of the last id, ms since the epoch. May be ahead of the clock by up to `MAX_BORROWED`. */
  #time = 0;
  #sequence = -1;

  constructor(options: SnowflakeOptions) {
    if (!Number.isInteger(options.node) || options.node < 0 || options.node > MAX_NODE) {
      throw new HoldfastError(
        'invalid_argument',
        `node number ${options.node} is not between 0 and ${MAX_NODE}`,
      );
    }
    this.#clock = options.clock;
    this.node = options.node;
    this.#nodeBits = options.node << 12;
    if (options.floor !== undefined) this.raiseFloor(options.floor);
  }

  /** Ms since 1970 of the last id issued (or of the floor): what a lease records. */
  get reached(): number {
    return SNOWFLAKE_EPOCH + this.#time;
  }

  /** Makes every further id later than any issued up to `floor` (ms since 1970). Never lowers. */
  raiseFloor(floor: number): void {
    const time = Math.floor(floor) - SNOWFLAKE_EPOCH;
    if (time < this.#time) return;
    this.#time = time;
    this.#sequence = MAX_SEQUENCE;
  }

  /**
   * Moves `hi` and `lo` to the next id.
   * Throws `HoldfastError('unavailable')` while the clock is more than `MAX_BORROWED` behind the last id or the
   * floor, or outside the years an id can express.
   */
  next(): void {
    this.#issue(false);
  }

  /**
   * Like `next`, on borrowed time however far the clock was set back: for the few things that have to be said all the
   * same. Such an id repeats no other, because every later one is beyond it.
   */
  nextWhateverTheClock(): void {
    this.#issue(true);
  }

  #issue(whateverTheClock: boolean): void {
    const now = Math.floor(this.#clock.wallNow()) - SNOWFLAKE_EPOCH;
    let time = this.#time;
    let sequence = this.#sequence;
    if (now > time) {
      time = now;
      sequence = 0;
    } else if (sequence < MAX_SEQUENCE) {
      sequence += 1;
    } else {
      time += 1;
      sequence = 0;
    }
    const isBehind = now < 0 || time - now > MAX_BORROWED;
    if ((isBehind && !whateverTheClock) || time > MAX_TIME) throw clockRefused(now, time);
    this.#time = time;
    this.#sequence = sequence;
    const hi = Math.floor(time / 1024);
    this.hi = hi;
    this.lo = (((time - hi * 1024) << 22) | this.#nodeBits | sequence) >>> 0;
  }
}

function clockRefused(now: number, time: number): HoldfastError {
  if (now < 0)
    return new HoldfastError('unavailable', 'the clock stands before 2026-01-01, no id can be issued');
  if (time > MAX_TIME)
    return new HoldfastError('unavailable', 'the clock stands beyond the last id, in 2095');
  return new HoldfastError('unavailable', `the clock stands ${time - now} ms behind the last id issued`);
}

/** Number of the node that issued the id. */
export function nodeOf(_hi: number, lo: number): number {
  return (lo >>> 12) & MAX_NODE;
}

/** When the id was issued, ms since 1970. */
export function timeOf(hi: number, lo: number): number {
  return SNOWFLAKE_EPOCH + hi * 1024 + (lo >>> 22);
}
