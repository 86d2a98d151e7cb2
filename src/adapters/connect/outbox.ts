/** What waits to be written to one stream. Read by one reader; whoever puts sees to the bound. */
export class Outbox<Item> implements AsyncIterable<Item> {
  #items: Item[] = [];
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  put(item: Item): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** What was put before is still read. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** What was put before is not read any more. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#items = [];
    this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      if (this.#error !== null) throw this.#error;
      const items = this.#items;
      this.#items = [];
      for (const item of items) yield item;
      if (this.#items.length > 0) continue;
      if (this.#ended) {
        if (this.#error !== null) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
