/** How long a letter may wait for a bus that is away. */
export type Patience =
  /** Somebody waits for the answer, and can ask again. */
  | 'asked'
  /** Nobody would say it again, such as the acknowledgement that a client waits for. */
  | 'owed';

/** In ms. */
export const PATIENCE: Readonly<Record<Patience, number>> = { asked: 5_000, owed: 60_000 };

/**
 * Letters between nodes. Every node has one mailbox, named by its node number, that only it reads.
 *
 * Guarantees: letters from one sender to one node arrive in the order they were posted, each once, while both live;
 * a letter to a node that does not exist (any more) is dropped. `post` throws `HoldfastError('unavailable')` when the
 * bus could not take the letter for as long as its patience lasts, and `deadline_exceeded` when it may have.
 * The memory adapter hands letters over synchronously, which a receiver must bear.
 */
export interface Mailbox<Letter> {
  /** @param patience `asked` unless given */
  post(node: number, letter: Letter, patience?: Patience): void | Promise<void>;
  /** Starts reading the mailbox of `node`. One reader per node. */
  open(node: number, receive: (letter: Letter) => void): MailboxSubscription;
}

export interface MailboxSubscription {
  /** Resolves when letters posted from now on are read. At once when left out. */
  readonly reading?: Promise<void>;
  close(): Promise<void>;
}
