/**
 * Keeps the `limit` smallest of what it is shown, in one pass and without sorting the rest: a page of ten out of a
 * hundred thousand sockets. A heap with the largest of those kept on top.
 */
export class Smallest<T> {
  private readonly heap: T[] = [];
  private readonly limit: number;
  private readonly compare: (a: T, b: T) => number;

  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.limit = limit;
    this.compare = compare;
  }

  add(item: T): void {
    if (this.limit <= 0) return;
    if (this.heap.length < this.limit) {
      this.heap.push(item);
      this.rise(this.heap.length - 1);
    } else if (this.compare(item, this.heap[0]!) < 0) {
      this.heap[0] = item;
      this.sink();
    }
  }

  /** Smallest first. */
  sorted(): T[] {
    return this.heap.sort(this.compare);
  }

  private rise(from: number): void {
    const { heap, compare } = this;
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (compare(heap[at]!, heap[parent]!) <= 0) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private sink(): void {
    const { heap, compare } = this;
    for (let at = 0; ; ) {
      let largest = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && compare(heap[child]!, heap[largest]!) > 0) largest = child;
      }
      if (largest === at) return;
      this.swap(at, largest);
      at = largest;
    }
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
}
