import type { Clock, TimerHandle } from '../ports/clock.ts';
import { BucketShape, EMPTY, FULL } from './bucket-shape.ts';
import { addressNetwork } from './ip-address.ts';

/** `limits.address` of the configuration. */
export interface AddressLimitOptions {
  readonly clock: Clock;
  /** New connections per second from one address, on average; 0 = no limit. */
  readonly connects: number;
  /** New connections at once after a pause; 0 = as many as `connects`. */
  readonly burst: number;
  /** Open connections from one address; 0 = no limit. */
  readonly connections: number;
  /** Addresses without a connection that are remembered for their rate; the longest idle is forgotten beyond. */
  readonly maxIdle?: number;
}

interface Entry {
  open: number;
  /** Monotonic ms at which the bucket of connects is full again. */
  fullAt: number;
}

const SWEEP_INTERVAL = 1_000;

/**
 * How many connections one address opens and holds. An IPv6 host owns at least a /64, so that is what counts as one
 * address there.
 *
 * An address is remembered while it has a connection, and after that until its bucket is full again. Those with a
 * connection are bounded by the connections; the others by `maxIdle`.
 */
export class AddressLimits {
  readonly #clock: Clock;
  /** Null when connects are not limited. */
  readonly #shape: BucketShape | null;
  readonly #connections: number;
  readonly #maxIdle: number;
  readonly #open = new Map<string, Entry>();
  /** The longest idle first. */
  readonly #idle = new Map<string, Entry>();
  #sweeper: TimerHandle | null = null;

  constructor(options: AddressLimitOptions) {
    this.#clock = options.clock;
    this.#shape = options.connects === 0 ? null : new BucketShape(options.connects, options.burst);
    this.#connections = options.connections;
    this.#maxIdle = options.maxIdle ?? 100_000;
  }

  /** Addresses remembered. */
  get size(): number {
    return this.#open.size + this.#idle.size;
  }

  /** Counts a new connection in; false, and not counted, when the address has too many or opens them too fast. */
  connect(address: string): boolean {
    const key = addressNetwork(address);
    const entry = this.#open.get(key) ?? this.#idle.get(key) ?? { open: 0, fullAt: FULL };
    if (this.#connections > 0 && entry.open >= this.#connections) return false;
    if (!this.#takeConnect(entry)) return false;
    this.#countIn(key, entry);
    return true;
  }

  /** Counts in a connection that was let in elsewhere and is not asked again. */
  admit(address: string): void {
    const key = addressNetwork(address);
    this.#countIn(key, this.#open.get(key) ?? this.#idle.get(key) ?? { open: 0, fullAt: FULL });
  }

  /** Counts out a connection that `connect` or `admit` counted in. */
  disconnect(address: string): void {
    const key = addressNetwork(address);
    const entry = this.#open.get(key);
    if (entry === undefined) return;
    entry.open -= 1;
    if (entry.open > 0) return;
    this.#open.delete(key);
    if (entry.fullAt <= this.#clock.now()) return;
    this.#idle.set(key, entry);
    if (this.#idle.size > this.#maxIdle) {
      for (const longest of this.#idle.keys()) {
        this.#idle.delete(longest);
        break;
      }
    }
    this.#sweeper ??= this.#clock.every(SWEEP_INTERVAL, () => this.#sweep());
  }

  /** Forgets everything and stops its timer. */
  close(): void {
    this.#open.clear();
    this.#idle.clear();
    this.#stopSweeper();
  }

  #countIn(key: string, entry: Entry): void {
    entry.open += 1;
    if (entry.open > 1) return;
    this.#idle.delete(key);
    this.#open.set(key, entry);
  }

  #takeConnect(entry: Entry): boolean {
    if (this.#shape === null) return true;
    const fullAt = this.#shape.take(entry.fullAt, this.#clock.now());
    if (fullAt === EMPTY) return false;
    entry.fullAt = fullAt;
    return true;
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, entry] of this.#idle) if (entry.fullAt <= now) this.#idle.delete(key);
    if (this.#idle.size === 0) this.#stopSweeper();
  }

  #stopSweeper(): void {
    if (this.#sweeper === null) return;
    this.#clock.cancel(this.#sweeper);
    this.#sweeper = null;
  }
}
