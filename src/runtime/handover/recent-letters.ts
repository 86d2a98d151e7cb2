import type { CommandLetter } from '../delivery/letter.ts';

const KEPT = 4_096;
/** How long (ms) a letter that went to several nodes may be on its way to the slowest of them. */
const WITHIN = 5_000;

/** Letters that went to several nodes and were dealt with here lately: what a session that leaves was given already. */
export class RecentLetters {
  private readonly letters: { readonly letter: CommandLetter; readonly at: number }[] = [];
  private next = 0;

  add(letter: CommandLetter, now: number): void {
    if (letter.nodes.length < 2) return;
    this.letters[this.next] = { letter, at: now };
    this.next = (this.next + 1) % KEPT;
  }

  /** Ids of those that went to this node, too. */
  sharedWith(node: number, now: number): string[] {
    const ids: string[] = [];
    for (const { letter, at } of this.letters) {
      if (now - at < WITHIN && letter.nodes.includes(node)) ids.push(letter.id);
    }
    return ids;
  }
}
