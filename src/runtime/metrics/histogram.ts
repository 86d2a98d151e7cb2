/** From 0.1 ms to 10 s in steps of at most 2.5: fits calls inside a machine as well as those that time out. */
export const DURATION_BOUNDS: readonly number[] = Object.freeze([
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
]);

/** How often something took how long: fixed buckets in typed arrays, nothing allocated by `observe`. */
export class Histogram {
  /** Upper bounds of the buckets in milliseconds, inclusive and ascending. One more bucket takes the rest. */
  readonly bounds: Float64Array;
  /** One more than `bounds`; not cumulative. */
  readonly counts: Float64Array;
  /** Sum of all values, in milliseconds. */
  sum = 0;

  constructor(bounds: readonly number[] = DURATION_BOUNDS) {
    this.bounds = Float64Array.from(bounds);
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(milliseconds: number): void {
    this.add(milliseconds, 1);
  }

  clear(): void {
    this.counts.fill(0);
    this.sum = 0;
  }

  /** Enters the same value `times` times. */
  add(milliseconds: number, times: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && milliseconds > bounds[bucket]!) bucket++;
    counts[bucket]! += times;
    this.sum += milliseconds * times;
  }
}
