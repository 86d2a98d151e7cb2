import { deserialize, serialize } from 'node:v8';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { DedupWindow } from '../../runtime/ports/dedup-window.ts';
import type { RedisClient } from './redis-client.ts';

/** How long a key is remembered, ms. */
const WINDOW = 60_000;
/** How often is looked whether the first use has come to an end, ms. */
const LOOK_EVERY = 25;
/** A first use whose process died frees its key after this time, ms. */
const ABANDONED_AFTER = 30_000;
const RUNNING = Buffer.from('running');

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

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const name = `holdfast:dedup:${key}`;
    for (let waited = 0; ; waited += LOOK_EVERY) {
      const first = await this.#client.run((redis) => redis.set(name, RUNNING, 'PX', ABANDONED_AFTER, 'NX'));
      if (first === 'OK') return this.#first(name, work);
      const found = await this.#client.run((redis) => redis.getBuffer(name));
      if (found !== null && !found.equals(RUNNING)) return deserialize(found) as T;
      if (waited > ABANDONED_AFTER) {
        throw new HoldfastError('aborted', 'another request with this dedupKey has not come to an end');
      }
      await new Promise<void>((resolve) => this.#clock.after(LOOK_EVERY, resolve));
    }
  }

  async #first<T>(name: string, work: () => Promise<T>): Promise<T> {
    const keepAlive = this.#clock.every(ABANDONED_AFTER / 3, () => {
      this.#client.run((redis) => redis.pexpire(name, ABANDONED_AFTER)).catch(() => {});
    });
    try {
      const result = await work();
      await this.#client.run((redis) => redis.set(name, serialize(result), 'PX', this.#window));
      return result;
    } catch (error) {
      await this.#client.run((redis) => redis.del(name)).catch(() => {});
      throw error;
    } finally {
      this.#clock.cancel(keepAlive);
    }
  }
}
