import type { CommandLetter } from '../delivery/letter.ts';

/** Senders remembered; those not heard of for longest are forgotten beyond. */
const MAX_SENDERS = 10_000;

/** The last letter of each sender that a node has dealt with, as `[sender, number]`. */
export type LettersGiven = readonly (readonly [sender: string, number: number])[];

/**
 * How far a node has read the letters of each sender. They come in the order of their numbers, so this says of every
 * letter whether a session that leaves was given it here.
 */
export class LettersSeen {
  private readonly last = new Map<string, number>();

  add({ id, passedBy }: CommandLetter): void {
    // What another node passes on comes out of turn.
    if (passedBy !== undefined) return;
    const { sender, number } = partsOf(id);
    const known = this.last.get(sender);
    if (known !== undefined && known >= number) return;
    this.last.set(sender, number);
    if (known !== undefined || this.last.size <= MAX_SENDERS) return;
    for (const oldest of this.last.keys()) {
      this.last.delete(oldest);
      return;
    }
  }

  has(sender: string, number: number): boolean {
    return number <= (this.last.get(sender) ?? 0);
  }

  all(): LettersGiven {
    return [...this.last];
  }
}

/** What a session was given before it came. */
export class Given {
  private readonly last: ReadonlyMap<string, number>;

  constructor(given: LettersGiven) {
    this.last = new Map(given);
  }

  has(id: string): boolean {
    const { sender, number } = partsOf(id);
    return number <= (this.last.get(sender) ?? 0);
  }
}

/** Letters are called after their sender, a dash, and their number. */
export function partsOf(id: string): { sender: string; number: number } {
  const dash = id.lastIndexOf('-');
  return { sender: id.slice(0, dash), number: Number(id.slice(dash + 1)) };
}
