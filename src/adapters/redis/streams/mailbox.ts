import { HoldfastError } from '../../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../../runtime/ports/clock.ts';
import type { Log } from '../../../runtime/ports/log.ts';
import type { Mailbox, MailboxSubscription } from '../../../runtime/ports/mailbox.ts';
import type { RedisClient } from '../redis-client.ts';
import { StreamReader } from './stream-reader.ts';

export interface StreamMailboxOptions<Letter> {
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The incarnation that bears a number now; null when nobody does. */
  readonly directory: { slotOf(number: number): { readonly epoch: number } | null };
  readonly encode: (letter: Letter) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Letter | null;
  /** Letters were lost: Redis forgot them in a failover, or they were not read in time. */
  readonly gap: () => void;
}

/** Letters that may wait for one node. */
const MAX_LETTERS = 100_000;
/** Letters on their way to Redis at one time, all nodes together. */
const MAX_UNANSWERED = 50_000;

function mailboxKey(number: number, epoch: number): string {
  return `holdfast:mailbox:${number}:${epoch}`;
}

/** Each node's letters in a stream that only it reads. */
export class StreamMailbox<Letter> implements Mailbox<Letter> {
  readonly #options: StreamMailboxOptions<Letter>;
  #unanswered = 0;

  constructor(options: StreamMailboxOptions<Letter>) {
    this.#options = options;
  }

  async post(number: number, letter: Letter): Promise<void> {
    const { client, directory, encode } = this.#options;
    const node = directory.slotOf(number);
    if (node === null) return;
    if (this.#unanswered >= MAX_UNANSWERED) {
      throw new HoldfastError('resource_exhausted', 'too many letters are on their way to Redis');
    }
    const bytes = Buffer.from(encode(letter));
    this.#unanswered++;
    try {
      await client.run((redis) =>
        // A stream that is not there belongs to a node that is not, either.
        redis.xadd(mailboxKey(number, node.epoch), 'NOMKSTREAM', 'MAXLEN', '~', MAX_LETTERS, '*', 'l', bytes),
      );
    } finally {
      this.#unanswered--;
    }
  }

  open(number: number, receive: (letter: Letter) => void): MailboxSubscription {
    const { client, clock, log, directory, decode, gap } = this.#options;
    const node = directory.slotOf(number);
    if (node === null) throw new HoldfastError('internal', `node ${number} opens a mailbox without a lease`);
    const reader = new StreamReader({
      client,
      clock,
      log,
      key: mailboxKey(number, node.epoch),
      receive: (bytes) => {
        const letter = decode(bytes);
        if (letter === null) log.warn({}, 'a letter of an unknown kind was dropped');
        else receive(letter);
      },
      gap,
    });
    reader.start();
    return { reading: reader.reading, close: () => reader.close() };
  }
}
