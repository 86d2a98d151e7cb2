/**
 * Which records of one partition were handed out and which of them are settled. A record that is not settled holds the
 * place to begin at after a restart; what follows it goes on.
 */
export class PartitionProgress {
  /** Offset after the last one handed out. */
  private next = -1n;
  /** Handed out and not settled, in the order of the log. */
  private readonly pending = new Set<bigint>();
  private readonly changed: () => void;
  private committed = -1n;
  private abandoned = false;

  /** @param changed called when a record was settled */
  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** Records handed out and not settled. */
  get open(): number {
    return this.pending.size;
  }

  /** Takes a record on; null when it was handed out before. Otherwise what settles it. */
  begin(offset: string): (() => void) | null {
    const at = BigInt(offset);
    if (at < this.next) return null;
    this.next = at + 1n;
    this.pending.add(at);
    return () => {
      if (!this.abandoned && this.pending.delete(at)) this.changed();
    };
  }

  /** Offset to commit, when there is progress since the last time. */
  takeCommit(): string | null {
    if (this.next < 0n) return null;
    let place = this.next;
    // A set keeps the order in which offsets came, which is the log's.
    for (const first of this.pending) {
      place = first;
      break;
    }
    if (place === this.committed) return null;
    this.committed = place;
    return place.toString();
  }

  /** The commit did not get through. */
  commitAgain(): void {
    this.committed = -1n;
  }

  /** Another consumer reads the partition now: what is still in hand here is nobody's business. */
  abandon(): void {
    this.abandoned = true;
    this.pending.clear();
    this.changed();
  }
}
