/** What has arrived and nobody asked for yet, and who waits for what has not arrived. */
export class Inbox<T> {
  readonly #arrived: T[] = [];
  readonly #waiting: { take: (item: T) => void; fail: (error: Error) => void }[] = [];
  #ended: Error | null = null;

  put(item: T): void {
    const waiter = this.#waiting.shift();
    if (waiter) waiter.take(item);
    else this.#arrived.push(item);
  }

  /** Nothing will come any more: those who wait, and those who ask later, get `error`. */
  end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const waiter of this.#waiting.splice(0)) waiter.fail(error);
  }

  get size(): number {
    return this.#arrived.length;
  }

  /** The next item, at the latest after `ms`. */
  next(ms = 3000): Promise<T> {
    const item = this.#arrived.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const waiter = {
        take: (arrived: T) => {
          clearTimeout(timer);
          resolve(arrived);
        },
        fail: (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new Error(`nothing arrived within ${ms} ms`));
      }, ms);
      this.#waiting.push(waiter);
    });
  }
}
