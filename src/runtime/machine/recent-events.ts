const LENGTH = 8;
/** Marks a place where nothing was noted yet, so event codes stay below it. */
export const NO_EVENT = 255;

/** The last events of every row of a machine: nine bytes a row, for the log line when something goes wrong. */
export class RecentEvents {
  private codes: Uint8Array;
  /** Where each row's next event goes; the oldest stands there until then. */
  private next: Uint8Array;

  constructor(rows: number) {
    this.codes = new Uint8Array(rows * LENGTH).fill(NO_EVENT);
    this.next = new Uint8Array(rows);
  }

  note(row: number, event: number): void {
    const at = this.next[row]!;
    this.codes[row * LENGTH + at] = event;
    this.next[row] = (at + 1) % LENGTH;
  }

  /** Codes of the row's last events, oldest first. */
  of(row: number): number[] {
    const found: number[] = [];
    for (let i = 0; i < LENGTH; i++) {
      const code = this.codes[row * LENGTH + ((this.next[row]! + i) % LENGTH)]!;
      if (code !== NO_EVENT) found.push(code);
    }
    return found;
  }

  forget(row: number): void {
    this.codes.fill(NO_EVENT, row * LENGTH, (row + 1) * LENGTH);
  }

  grow(rows: number): void {
    const codes = new Uint8Array(rows * LENGTH).fill(NO_EVENT);
    codes.set(this.codes);
    this.codes = codes;
    const next = new Uint8Array(rows);
    next.set(this.next);
    this.next = next;
  }
}
