import type { Letter } from '../delivery/letter.ts';

export interface FencedMailOptions {
  /** Whether the lease surely holds at this moment. */
  readonly holds: () => boolean;
  readonly carryOut: (letter: Letter) => void;
  /** A letter that cannot be carried out is the end of that letter only: others wait behind it. */
  readonly failed: (letter: Letter, error: unknown) => void;
}

/** A node that is not sure of its lease obeys nobody: its sessions may be declared dead, and others act on that. */
export class FencedMail {
  readonly #options: FencedMailOptions;
  readonly #unread: Letter[] = [];

  constructor(options: FencedMailOptions) {
    this.#options = options;
  }

  readonly receive = (letter: Letter): void => {
    if (this.#unread.length === 0 && this.#options.holds()) this.#carryOut(letter);
    else this.#unread.push(letter);
  };

  /** What came meanwhile, in order. */
  open(): void {
    for (const letter of this.#unread.splice(0)) this.#carryOut(letter);
  }

  #carryOut(letter: Letter): void {
    try {
      this.#options.carryOut(letter);
    } catch (error) {
      this.#options.failed(letter, error);
    }
  }
}
