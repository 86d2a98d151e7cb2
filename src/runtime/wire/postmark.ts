/** Senders remembered: many times as many as nodes can be. */
const MAX_SENDERS = 10_000;

/** Numbers what one process posts, so that a reader knows what was sent again because its arrival was in doubt. */
export class Postmarks {
  readonly sender: string;
  private last = 0;

  /** @param sender as no other is called, now or later */
  constructor(sender: string) {
    this.sender = sender;
  }

  next(): number {
    return ++this.last;
  }
}

/** What a reader has seen. Senders post in order: whatever is not newer than the last is a repetition. */
export class SeenPostmarks {
  private readonly last = new Map<string, number>();

  isNew(sender: string, number: number): boolean {
    const last = this.last.get(sender);
    if (last !== undefined && number <= last) return false;
    this.last.set(sender, number);
    if (last === undefined && this.last.size > MAX_SENDERS) {
      for (const oldest of this.last.keys()) {
        this.last.delete(oldest);
        break;
      }
    }
    return true;
  }
}
