import { deserialize, serialize } from 'node:v8';
import { type ErrorCode, HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { DedupWindow } from '../../runtime/ports/dedup-window.ts';
import type { RedisClient } from './redis-client.ts';

/** How long a key is remembered, ms. */
const WINDOW = 60_000;
/** How often is looked whether the first use has come to an end, ms. */
const LOOK_EVERY = 25;
/** A first use whose process died frees its key after this time, ms. */
const ABANDONED_AFTER = 30_000;
/** How often Redis is told of an outcome that it could not take, ms. */
const TELL_AGAIN = 250;
const RUNNING = Buffer.from('running');

/** What is kept of a first use. */
interface Outcome<T> {
  readonly result?: T;
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
}

/** The window that all API nodes share. Results travel as Node's own structured clones. */
export class RedisDedupWindow implements DedupWindow {
  readonly #client: RedisClient;
  readonly #clock: Clock;

  readonly #window: number;

  /** @param window how long a key is remembered, ms */
  constructor(client: RedisClient, clock: Clock, window = WINDOW) {
    this.#window = window;
    this.#client = client;
    this.#clock = clock;
  }

  async run<T>(
    key: string,
    work: () => Promise<T>,
    keeps: (failure: HoldfastError) => boolean = () => false,
  ): Promise<T> {
    const name = `holdfast:dedup:${key}`;
    for (let waited = 0; ; waited += LOOK_EVERY) {
      const first = await this.#client.run((redis) => redis.set(name, RUNNING, 'PX', ABANDONED_AFTER, 'NX'));
      if (first === 'OK') return this.#first(name, work, keeps);
      const found = await this.#client.run((redis) => redis.getBuffer(name));
      if (found !== null && !found.equals(RUNNING)) return outcome(deserialize(found) as Outcome<T>);
      if (waited > ABANDONED_AFTER) {
        throw new HoldfastError('aborted', 'another request with this dedupKey has not come to an end');
      }
      await new Promise<void>((resolve) => this.#clock.after(LOOK_EVERY, resolve));
    }
  }

  async #first<T>(
    name: string,
    work: () => Promise<T>,
    keeps: (failure: HoldfastError) => boolean,
  ): Promise<T> {
    const keepAlive = this.#clock.every(ABANDONED_AFTER / 3, () => {
      this.#client.run((redis) => redis.pexpire(name, ABANDONED_AFTER)).catch(() => {});
    });
    const keep = (what: Outcome<T>) => {
      void this.#keep(name, what).then(() => this.#clock.cancel(keepAlive));
    };
    try {
      const result = await work();
      keep({ result });
      return result;
    } catch (error) {
      if (error instanceof HoldfastError && keeps(error)) {
        keep({ failure: { code: error.code, message: error.message } });
      } else {
        this.#clock.cancel(keepAlive);
        await this.#client.run((redis) => redis.del(name)).catch(() => {});
      }
      throw error;
    }
  }

  /** Done is done, whether or not Redis can be told at once: until it is, later uses wait. */
  async #keep(name: string, what: Outcome<unknown>): Promise<void> {
    const bytes = serialize(what);
    const end = this.#clock.now() + this.#window;
    while (this.#clock.now() < end) {
      try {
        await this.#client.run((redis) => redis.set(name, bytes, 'PX', this.#window));
        return;
      } catch {
        await new Promise<void>((resolve) => this.#clock.after(TELL_AGAIN, resolve));
      }
    }
  }
}

function outcome<T>({ result, failure }: Outcome<T>): T {
  if (failure !== undefined) throw new HoldfastError(failure.code, failure.message);
  return result as T;
}
