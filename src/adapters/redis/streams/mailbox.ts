import { randomUUID } from 'node:crypto';
import { HoldfastError } from '../../../runtime/errors/holdfast-error.ts';
import { RepeatedLines } from '../../../runtime/log/repeated-lines.ts';
import type { Clock } from '../../../runtime/ports/clock.ts';
import type { Log } from '../../../runtime/ports/log.ts';
import {
  type Mailbox,
  type MailboxSubscription,
  PATIENCE,
  type Patience,
} from '../../../runtime/ports/mailbox.ts';
import { Postmarks, SeenPostmarks } from '../../../runtime/wire/postmark.ts';
import type { RedisClient } from '../redis-client.ts';
import { LetterWriter } from './letter-writer.ts';
import { StreamReader } from './stream-reader.ts';

export interface StreamMailboxOptions<Letter> {
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  /** The incarnation that bears a number now; null when nobody does. */
  readonly directory: { slotOf(number: number): { readonly epoch: number } | null };
  /** Whether this node may write now; what comes while it may not waits. Always, unless told. */
  readonly holds?: () => boolean;
  readonly encode: (letter: Letter) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Letter | null;
  /** Letters were lost: Redis forgot them in a failover, or they were not read in time. */
  readonly gap: () => void;
}

/** Letters on their way to Redis at one time, all nodes together. */
const MAX_UNANSWERED = 50_000;
/** How often is looked whether the last letters are out, ms. */
const CLOSING = 10;

function mailboxKey(number: number, epoch: number): string {
  return `holdfast:mailbox:${number}:${epoch}`;
}

/** Each node's letters in a stream that only it reads. */
export class StreamMailbox<Letter> implements Mailbox<Letter> {
  readonly #options: StreamMailboxOptions<Letter>;
  readonly #lines: RepeatedLines;
  readonly #postmarks = new Postmarks(randomUUID());
  readonly #writers = new Map<string, LetterWriter>();
  #unanswered = 0;
  #closed = false;

  constructor(options: StreamMailboxOptions<Letter>) {
    this.#options = options;
    this.#lines = new RepeatedLines(options.log, options.clock, { onHeldBack: options.onHeldBack });
  }

  async post(number: number, letter: Letter, patience: Patience = 'asked'): Promise<void> {
    const { directory, encode } = this.#options;
    const node = directory.slotOf(number);
    if (node === null) {
      this.#lines.warn('nobody', { to: number }, 'a letter to a node that does not live was dropped');
      return;
    }
    if (this.#unanswered >= MAX_UNANSWERED) {
      throw new HoldfastError('resource_exhausted', 'too many letters are on their way to Redis');
    }
    const bytes = Buffer.from(encode(letter));
    this.#unanswered++;
    try {
      await this.#writer(number, node.epoch).write(this.#postmarks.next(), bytes, PATIENCE[patience]);
    } finally {
      this.#unanswered--;
    }
  }

  open(number: number, receive: (letter: Letter) => void): MailboxSubscription {
    const { client, clock, log, directory, decode, gap } = this.#options;
    const node = directory.slotOf(number);
    if (node === null) throw new HoldfastError('internal', `node ${number} opens a mailbox without a lease`);
    const seen = new SeenPostmarks();
    const reader = new StreamReader({
      client,
      clock,
      log,
      key: mailboxKey(number, node.epoch),
      receive: (sender, postmark, bytes) => {
        if (!seen.isNew(sender, postmark)) return;
        const letter = decode(bytes);
        if (letter === null) this.#lines.warn('unknown kind', {}, 'a letter of an unknown kind was dropped');
        else receive(letter);
      },
      gap,
    });
    reader.start();
    return { reading: reader.reading, close: () => reader.close() };
  }

  /** What still waits is sent, if Redis takes it within `deadline` ms, and dropped otherwise. */
  async close(deadline: number): Promise<void> {
    const { clock, holds = () => true } = this.#options;
    const end = clock.now() + deadline;
    const writers = [...this.#writers.values()];
    while (holds() && clock.now() < end && writers.some((writer) => !writer.isIdle)) {
      await new Promise<void>((resolve) => clock.after(CLOSING, resolve));
    }
    this.#closed = true;
  }

  #writer(number: number, epoch: number): LetterWriter {
    const key = mailboxKey(number, epoch);
    let writer = this.#writers.get(key);
    if (writer === undefined) {
      const { client, clock, directory, holds = () => true } = this.#options;
      const fate = () => {
        const now = directory.slotOf(number);
        if (now === null) return 'gone';
        return now.epoch === epoch ? 'lives' : 'replaced';
      };
      const isClosed = () => this.#closed;
      writer = new LetterWriter({
        client,
        clock,
        key,
        sender: this.#postmarks.sender,
        holds,
        fate,
        isClosed,
      });
      this.#forgetIdle();
      this.#writers.set(key, writer);
    }
    return writer;
  }

  /** Nodes come and go. */
  #forgetIdle(): void {
    for (const [key, writer] of this.#writers) if (writer.isIdle) this.#writers.delete(key);
  }
}
