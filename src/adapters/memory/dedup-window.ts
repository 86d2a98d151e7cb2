import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import type { DedupWindow } from '../../runtime/ports/dedup-window.ts';

export interface MemoryDedupWindowOptions {
  readonly clock: Clock;
  /** Ms that a key is remembered after its first use. */
  readonly window?: number;
  /** Keys remembered at one time; `run` throws `resource_exhausted` beyond, rather than to forget one too early. */
  readonly maxKeys?: number;
}

interface FirstUse {
  readonly result: Promise<unknown>;
  /** Monotonic ms at which the key is forgotten. */
  readonly until: number;
  running: boolean;
}

/** Remembers keys, and what their first use resulted in, for the process. */
export class MemoryDedupWindow implements DedupWindow {
  readonly #clock: Clock;
  readonly #window: number;
  readonly #maxKeys: number;
  /** In the order of first use, which is the order of `until` too. */
  readonly #uses = new Map<string, FirstUse>();
  #sweeper: TimerHandle | null = null;

  constructor(options: MemoryDedupWindowOptions) {
    this.#clock = options.clock;
    this.#window = options.window ?? 60_000;
    this.#maxKeys = options.maxKeys ?? 100_000;
  }

  /** Keys remembered now. */
  get size(): number {
    return this.#uses.size;
  }

  async run<T>(
    key: string,
    work: () => Promise<T>,
    keeps: (failure: HoldfastError) => boolean = () => false,
  ): Promise<T> {
    this.#forgetExpired();
    const known = this.#uses.get(key);
    // The key names the method too, by the caller's contract, so its result is of the type asked for.
    if (known !== undefined) return known.result as Promise<T>;
    if (this.#uses.size >= this.#maxKeys) {
      throw new HoldfastError('resource_exhausted', 'too many dedup keys within the window');
    }
    const result = work();
    const use: FirstUse = { result, until: this.#clock.now() + this.#window, running: true };
    this.#uses.set(key, use);
    this.#sweeper ??= this.#clock.every(this.#window, () => this.#forgetExpired());
    try {
      return await result;
    } catch (error) {
      const isKept = error instanceof HoldfastError && keeps(error);
      if (!isKept && this.#uses.get(key) === use) this.#uses.delete(key);
      throw error;
    } finally {
      use.running = false;
    }
  }

  /** Stops the sweep and forgets everything. */
  close(): void {
    this.#uses.clear();
    this.#stopSweeper();
  }

  #forgetExpired(): void {
    const now = this.#clock.now();
    for (const [key, use] of this.#uses) {
      if (use.until > now) break;
      if (!use.running) this.#uses.delete(key);
    }
    if (this.#uses.size === 0) this.#stopSweeper();
  }

  #stopSweeper(): void {
    if (this.#sweeper === null) return;
    this.#clock.cancel(this.#sweeper);
    this.#sweeper = null;
  }
}
