import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Mailbox, MailboxSubscription } from '../../runtime/ports/mailbox.ts';

/** Mailboxes of the nodes of one process. A letter is in its receiver's hands before `post` returns. */
export class MemoryMailbox<Letter> implements Mailbox<Letter> {
  readonly #readers = new Map<number, (letter: Letter) => void>();

  post(node: number, letter: Letter): void {
    this.#readers.get(node)?.(letter);
  }

  /** Throws `HoldfastError('already_exists')` when the mailbox has its reader. */
  open(node: number, receive: (letter: Letter) => void): MailboxSubscription {
    if (this.#readers.has(node)) {
      throw new HoldfastError('already_exists', `the mailbox of node ${node} is being read already`);
    }
    this.#readers.set(node, receive);
    return {
      close: async () => {
        if (this.#readers.get(node) === receive) this.#readers.delete(node);
      },
    };
  }
}
