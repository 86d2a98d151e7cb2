import type { Asker, RemoteCandidate } from '../connection/remote-candidate.ts';
import type { Letter } from '../delivery/letter.ts';
import type { Incarnation } from '../ports/lease-store.ts';

/**
 * A session on its way to another node, and then there. What is still addressed to it here goes after it: at first it
 * waits, because until the other node has taken the session over there is nobody to give it to.
 */
export class Departure {
  readonly kind = 'departure';
  /** Where the session goes. */
  readonly to: number;
  /** The one that bore this number when it went. */
  readonly host: Incarnation;
  private readonly candidate: RemoteCandidate;
  private waiting: Letter[] | null = [];
  private readonly post: (node: number, letter: Letter) => void;

  constructor(host: Incarnation, candidate: RemoteCandidate, post: (node: number, letter: Letter) => void) {
    this.to = host.number;
    this.host = host;
    this.candidate = candidate;
    this.post = post;
  }

  passOn(letter: Letter): void {
    if (this.waiting !== null) this.waiting.push(letter);
    else this.post(this.to, letter);
  }

  isOf(asker: Asker): boolean {
    return this.candidate.isOf(asker);
  }

  /** Whether the other node has it. */
  get isComplete(): boolean {
    return this.waiting === null;
  }

  /** The other node has it. */
  complete(): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const letter of waiting) this.post(this.to, letter);
  }
}
