import { randomUUID } from 'node:crypto';
import type { Kafka, PartitionAssigner } from 'kafkajs';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import {
  type Mailbox,
  type MailboxSubscription,
  PATIENCE,
  type Patience,
} from '../../runtime/ports/mailbox.ts';
import { Postmarks, SeenPostmarks } from '../../runtime/wire/postmark.ts';
import { KafkaConsumer, type KafkaConsumerOptions } from './kafka-consumer.ts';
import { KafkaWriter, type KafkaWriterOptions } from './kafka-writer.ts';
import { kafkajs } from './kafkajs.ts';
import { headersOf } from './message-headers.ts';
import { endOffset, ensureMailbox, MAILBOXES } from './topics.ts';

const { AssignerProtocol } = kafkajs;

export interface KafkaMailboxOptions<Letter> {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  /** The incarnation that bears a number now, and its partition; null when nobody does. */
  readonly directory: { slotOf(number: number): { readonly slot: number; readonly epoch: number } | null };
  /** Whether this node may write now; what comes while it may not waits. Always, unless told. */
  readonly holds?: () => boolean;
  readonly encode: (letter: Letter) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Letter | null;
  readonly observe: KafkaWriterOptions['observe'];
  /** What becomes of consumers; nobody listens unless told. */
  readonly consumerChanged?: KafkaConsumerOptions['changed'];
}

const MAX_LETTERS = 50_000;
const MAX_BYTES = 128 * 1024 * 1024;
/** Which incarnation a letter is for: a partition outlives who read it. */
const FOR = 'for';
/** Who posted it, and its number among what was posted there. */
const POSTMARK = 'postmark';

/** Each node's letters in a partition that only it reads. */
export class KafkaMailbox<Letter> implements Mailbox<Letter> {
  readonly #options: KafkaMailboxOptions<Letter>;
  readonly #writer: KafkaWriter;
  readonly #lines: RepeatedLines;
  readonly #postmarks = new Postmarks(randomUUID());

  constructor(options: KafkaMailboxOptions<Letter>) {
    this.#options = options;
    this.#lines = new RepeatedLines(options.log, options.clock, { onHeldBack: options.onHeldBack });
    this.#writer = new KafkaWriter({
      ...options,
      topic: MAILBOXES,
      maxMessages: MAX_LETTERS,
      maxBytes: MAX_BYTES,
    });
  }

  /** Resolves when the first letter would not wait for a connection. Rejects with `unavailable`. */
  warmUp(): Promise<void> {
    return this.#writer.warmUp();
  }

  post(number: number, letter: Letter, patience: Patience = 'asked'): Promise<void> {
    const node = this.#options.directory.slotOf(number);
    if (node === null) {
      this.#lines.warn('nobody', { to: number }, 'a letter to a node that does not live was dropped');
      return Promise.resolve();
    }
    const value = Buffer.from(this.#options.encode(letter));
    return new Promise((resolve, reject) => {
      this.#writer.write({
        message: {
          partition: node.slot,
          value,
          headers: {
            [FOR]: `${number}:${node.epoch}`,
            [POSTMARK]: `${this.#postmarks.next()} ${this.#postmarks.sender}`,
          },
        },
        bytes: value.length + 96,
        patience: PATIENCE[patience],
        precious: false,
        accepted: resolve,
        refused: reject,
      });
    });
  }

  open(number: number, receive: (letter: Letter) => void): MailboxSubscription {
    const { kafka, clock, log, directory, decode } = this.#options;
    const node = directory.slotOf(number);
    if (node === null) throw new HoldfastError('internal', `node ${number} opens a mailbox without a lease`);
    const self = `${number}:${node.epoch}`;
    const { slot } = node;
    let position: bigint | null = null;
    const seen = new SeenPostmarks();
    const consumer = new KafkaConsumer({
      kafka,
      clock,
      log,
      topic: MAILBOXES,
      fromBeginning: false,
      concurrency: 1,
      changed: this.#options.consumerChanged,
      config: {
        groupId: `holdfast-mailbox-${number}-${node.epoch}`,
        partitionAssigners: [always(slot)],
        sessionTimeout: 10_000,
        heartbeatInterval: 2_000,
        maxWaitTimeInMs: 500,
        minBytes: 1,
        allowAutoTopicCreation: false,
      },
      // What the group says about where to begin does not count, now or after a rebalance: this reader knows where it is.
      prepare: (running) => {
        running.on(running.events.GROUP_JOIN, () => {
          running.seek({ topic: MAILBOXES, partition: slot, offset: String(position) });
        });
      },
      eachBatch: async ({ batch, resolveOffset, heartbeat, isStale, isRunning }) => {
        for (const { offset, value, headers } of batch.messages) {
          // Nobody asks the group how far this reader is, so it need not know when this ends early.
          if (!isRunning() || isStale()) return;
          const at = BigInt(offset);
          if (at < position!) continue;
          position = at + 1n;
          const { [FOR]: reader, [POSTMARK]: postmark = '' } = headersOf(headers);
          if (reader !== self || !isNew(seen, postmark)) continue;
          const letter = decode(value ?? new Uint8Array(0));
          if (letter === null)
            this.#lines.warn('unknown kind', {}, 'a letter of an unknown kind was dropped');
          else receive(letter);
        }
        resolveOffset(batch.lastOffset());
        await heartbeat();
      },
    });
    const reading = this.#begin(slot, (offset) => {
      position = BigInt(offset);
    }).then(() => consumer.start());
    return {
      reading,
      close: async () => {
        await consumer.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }

  async #begin(slot: number, at: (offset: string) => void): Promise<void> {
    const { kafka, clock, log } = this.#options;
    for (;;) {
      try {
        await ensureMailbox(kafka, slot);
        return at(await endOffset(kafka, MAILBOXES, slot));
      } catch (error) {
        log.warn({ err: error }, 'the mailbox is not there yet; trying again');
        await new Promise<void>((resolve) => clock.after(1_000, resolve));
      }
    }
  }
}

function isNew(seen: SeenPostmarks, postmark: string): boolean {
  const space = postmark.indexOf(' ');
  return seen.isNew(postmark.slice(space + 1), Number(postmark.slice(0, space)));
}

/** The library assigns partitions by groups only; a group of one member takes just the one it is for. */
function always(partition: number): PartitionAssigner {
  return () => ({
    name: 'HoldfastOwnPartition',
    version: 0,
    assign: async ({ members }) =>
      members.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 0,
          assignment: { [MAILBOXES]: [partition] },
          userData: Buffer.alloc(0),
        }),
      })),
    protocol: ({ topics }) => ({
      name: 'HoldfastOwnPartition',
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
    }),
  });
}
