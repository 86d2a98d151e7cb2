import type { Kafka, Message, Producer } from 'kafkajs';
import { Flushes } from '../../runtime/cluster/flushes.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { kafkaFailure } from './kafka-client.ts';
import { keyPartitioner } from './key-partitioner.ts';

export interface KafkaWriterOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this node may write now; what comes while it may not waits. Always, unless told. */
  readonly holds?: () => boolean;
  /** Messages, and bytes of them, that may wait for the brokers. */
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** The header that says when a message left for the brokers, and who is told how long (ms) it had been here by then. */
  readonly departure?: { readonly header: string; readonly left: (milliseconds: number) => void };
  /** Time from handing a batch to the brokers to their answer, in seconds, and whether they took it. */
  readonly observe: (seconds: number, isTaken: boolean) => void;
}

export interface Outgoing {
  readonly message: Message;
  readonly bytes: number;
  /** When what it says came here, ms since 1970; only looked at with `departure`. */
  readonly received?: number;
  /** How long (ms) it may wait for the brokers before it is given up. */
  readonly patience: number;
  /** Given up only when there is no room left. */
  readonly precious: boolean;
  readonly accepted: () => void;
  readonly refused: (error: HoldfastError) => void;
}

/** Written many times a second: an object spread into another would burden the garbage collector. */
interface Waiting {
  readonly outgoing: Outgoing;
  readonly since: number;
  /** It was sent once without an answer: the brokers may have it. */
  inDoubt: boolean;
  readonly place: number;
}

const AT_ONCE = 2_000;
const BATCH_BYTES = 900_000;
const PAUSE = 250;
/**
 * From one batch to the next, ms, unless it is large: many small requests cost brokers and us more than they bring. The
 * first after a pause does not wait.
 */
const LINGER = 3;
const LARGE = 500;
const DISCONNECT_WITHIN = 3_000;
const TOO_LARGE: ReadonlySet<unknown> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/**
 * Messages on their way to one topic, in order and one batch at a time: acknowledged by all replicas in sync, each
 * once as far as the library's idempotence goes. The queue is ours, with a bound and a deadline, because the library
 * would try for ever. A producer that failed is replaced; a batch that may have been written is written again.
 */
export class KafkaWriter {
  private readonly options: KafkaWriterOptions;
  /** One for all: thrown as often as clients send, its stack would cost more than what it refuses. */
  private readonly full: HoldfastError;
  private producer: Producer | null = null;
  private waiting: Waiting[] = [];
  private bytes = 0;
  private writing = false;
  private closed = false;
  private sentAt = Number.NEGATIVE_INFINITY;
  /** Messages in one batch at most: fewer for as long as the brokers call batches too large. */
  private atOnce = AT_ONCE;
  private readonly flushes = new Flushes();

  constructor(options: KafkaWriterOptions) {
    this.options = options;
    this.full = new HoldfastError('resource_exhausted', `too much waits for ${options.topic}`);
  }

  /** Messages that wait, or are on their way. */
  get size(): number {
    return this.waiting.length;
  }

  /** Connects and learns where the topic's partitions are, so that the first message does not wait for that. */
  async warmUp(): Promise<void> {
    try {
      const producer = await this.connected();
      await producer.send({ topic: this.options.topic, messages: [] });
    } catch (error) {
      throw kafkaFailure(error);
    }
  }

  /** Throws `resource_exhausted` when too much waits already, `unavailable` when closed. */
  write(outgoing: Outgoing): void {
    if (this.closed) throw new HoldfastError('unavailable', `${this.options.topic} is closed`);
    const { maxMessages, maxBytes, clock } = this.options;
    const isFull = this.waiting.length >= maxMessages || this.bytes + outgoing.bytes > maxBytes;
    if (isFull && !outgoing.precious) throw this.full;
    this.waiting.push({ outgoing, since: clock.now(), inDoubt: false, place: this.flushes.next() });
    this.bytes += outgoing.bytes;
    if (this.writing) return;
    this.writing = true;
    // Whatever else comes in this tick leaves with it.
    setImmediate(() => void this.run());
  }

  /** Resolves when everything written so far was accepted; rejects when something is given up meanwhile. */
  flush(): Promise<void> {
    if (this.waiting.length === 0) return Promise.resolve();
    return this.flushes.wait();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.drop();
  }

  private async run(): Promise<void> {
    let isTroubled = false;
    while (this.waiting.length > 0) {
      if (this.options.holds?.() === false) {
        const failure = new HoldfastError('unavailable', 'the node is not sure of its number');
        this.refuse((one) => this.closed || (!one.outgoing.precious && this.isTooOld(one)), failure);
        await new Promise<void>((resolve) => this.options.clock.after(PAUSE, resolve));
        continue;
      }
      await this.linger();
      const batch = this.batch();
      try {
        await this.send(batch);
        this.waiting.splice(0, batch.length);
        for (const { outgoing } of batch) {
          this.bytes -= outgoing.bytes;
          outgoing.accepted();
        }
        this.flushes.advance(this.waiting[0]?.place);
        isTroubled = false;
        this.atOnce = AT_ONCE;
      } catch (error) {
        this.options.observe((this.options.clock.now() - this.sentAt) / 1000, false);
        if (isTooLarge(error)) {
          this.divide(batch);
          continue;
        }
        const failure = kafkaFailure(error);
        if (!isTroubled)
          this.options.log.warn({ err: failure }, `${this.options.topic} is not written; trying again`);
        isTroubled = true;
        await this.drop();
        this.refuse((one) => this.closed || (!one.outgoing.precious && this.isTooOld(one)), failure);
        await new Promise<void>((resolve) => this.options.clock.after(PAUSE, resolve));
      }
    }
    this.writing = false;
  }

  private async linger(): Promise<void> {
    const { clock } = this.options;
    const rest = this.sentAt + LINGER - clock.now();
    if (rest > 0 && this.waiting.length < LARGE) {
      await new Promise<void>((resolve) => clock.after(rest, resolve));
    }
    this.sentAt = clock.now();
  }

  private batch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (; count < this.waiting.length && count < this.atOnce; count++) {
      bytes += this.waiting[count]!.outgoing.bytes;
      if (bytes > BATCH_BYTES && count > 0) break;
    }
    return this.waiting.slice(0, count);
  }

  private async send(batch: readonly Waiting[]): Promise<void> {
    const { clock, topic, observe, departure } = this.options;
    const producer = await this.connected();
    const start = clock.now();
    const leaves = clock.wallNow();
    if (departure !== undefined) {
      const text = String(leaves);
      for (const { outgoing } of batch) outgoing.message.headers![departure.header] = text;
    }
    try {
      const messages = batch.map(({ outgoing }) => outgoing.message);
      await producer.send({ topic, acks: -1, timeout: 10_000, messages });
    } catch (error) {
      for (const one of batch) one.inDoubt = true;
      throw error;
    }
    observe((clock.now() - start) / 1000, true);
    if (departure === undefined) return;
    for (const { outgoing } of batch) departure.left(Math.max(0, leaves - (outgoing.received ?? leaves)));
  }

  private async connected(): Promise<Producer> {
    if (this.producer !== null) return this.producer;
    const producer = this.options.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: keyPartitioner,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5 },
    });
    await producer.connect();
    this.producer = producer;
    return producer;
  }

  private async drop(): Promise<void> {
    const { producer } = this;
    this.producer = null;
    if (producer === null) return;
    // It may wait for requests that nobody will answer.
    const late = new Promise<void>((resolve) => this.options.clock.after(DISCONNECT_WITHIN, resolve));
    await Promise.race([producer.disconnect().catch(() => {}), late]);
  }

  /** What is too large by itself is refused, or it would stand in the way of all that come behind it. */
  private divide(batch: readonly Waiting[]): void {
    const [first] = batch;
    if (batch.length > 1) {
      this.atOnce = batch.length >> 1;
      return;
    }
    const size = `a message of ${first!.outgoing.bytes} bytes is larger than the brokers take`;
    const failure = new HoldfastError('resource_exhausted', `${this.options.topic}: ${size}`);
    first!.inDoubt = false;
    this.refuse((one) => one === first, failure);
  }

  private isTooOld({ since, outgoing }: Waiting): boolean {
    return this.options.clock.now() - since > outgoing.patience;
  }

  private refuse(which: (one: Waiting) => boolean, failure: HoldfastError): void {
    const kept: Waiting[] = [];
    for (const one of this.waiting) {
      if (!which(one)) {
        kept.push(one);
        continue;
      }
      this.bytes -= one.outgoing.bytes;
      one.outgoing.refused(one.inDoubt ? inDoubt(failure) : failure);
    }
    if (kept.length < this.waiting.length) this.flushes.fail(failure);
    this.waiting = kept;
  }
}

function inDoubt(failure: HoldfastError): HoldfastError {
  return new HoldfastError('deadline_exceeded', 'Kafka did not say whether it took it', { cause: failure });
}

/** `message.max.bytes` of the brokers, for a batch as well as for a message. */
function isTooLarge(error: unknown): boolean {
  const { type, cause } = error as { type?: unknown; cause?: { type?: unknown } };
  return TOO_LARGE.has(type ?? cause?.type);
}
