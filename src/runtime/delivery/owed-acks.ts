const INITIAL_ROWS = 1024;

/** How many acknowledgements each socket row owes, so that a socket that owes none can leave without being looked for. */
export class OwedAcks {
  private counts = new Int32Array(INITIAL_ROWS);

  /** @param by negative when acknowledgements came or are waited for no longer */
  add(row: number, by: number): void {
    if (row >= this.counts.length) this.grow(row);
    this.counts[row]! += by;
  }

  of(row: number): number {
    return row < this.counts.length ? this.counts[row]! : 0;
  }

  private grow(row: number): void {
    let length = this.counts.length;
    while (length <= row) length *= 2;
    const grown = new Int32Array(length);
    grown.set(this.counts);
    this.counts = grown;
  }
}
