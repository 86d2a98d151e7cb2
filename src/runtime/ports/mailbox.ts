/**
 * Letters between nodes. Every node has one mailbox, named by its node number, that only it reads.
 *
 * Guarantees: letters from one sender to one node arrive in the order they were posted, at least once while
 * both live; a letter to a node that does not exist (any more) is dropped. `post` throws
 * `HoldfastError('unavailable')` when the bus cannot take the letter.
 * The memory adapter hands letters over synchronously, which a receiver must bear.
 */
export interface Mailbox<Letter> {
  post(node: number, letter: Letter): void | Promise<void>;
  /** Starts reading the mailbox of `node`. One reader per node. */
  open(node: number, receive: (letter: Letter) => void): MailboxSubscription;
}

export interface MailboxSubscription {
  /** Resolves when letters posted from now on are read. At once when left out. */
  readonly reading?: Promise<void>;
  close(): Promise<void>;
}
