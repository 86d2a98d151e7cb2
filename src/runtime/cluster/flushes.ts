interface Flush {
  readonly place: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait until a queue has got rid of what was put into it before them. What comes after it they do not wait for. */
export class Flushes {
  private last = 0;
  private waiting: Flush[] = [];

  /** The place of the next one in the queue. */
  next(): number {
    return ++this.last;
  }

  /** Resolves when everything up to the last place is gone. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ place: this.last, resolve, reject }));
  }

  /** @param first place of the first that is left; undefined when none is */
  advance(first = Number.POSITIVE_INFINITY): void {
    const left = this.waiting.findIndex(({ place }) => place >= first);
    for (const { resolve } of this.waiting.splice(0, left < 0 ? this.waiting.length : left)) resolve();
  }

  fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
