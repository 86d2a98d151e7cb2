import type { Standing, UpstreamHandler, UpstreamRecord } from '../../runtime/ports/upstream-log.ts';

/** One member of the consumer group. */
export interface UpstreamConsumer {
  readonly handler: UpstreamHandler;
  /** Records handed to it and not settled yet. */
  outstanding: number;
  /** Set while `stop` waits for the last record to be settled. */
  drained: (() => void) | null;
  /** It has stopped: what it had in hand goes to another. */
  isGone: boolean;
  readonly standing: () => Standing;
}

/** A record's place in the log, from `append` until it was settled. */
export interface UpstreamEntry {
  readonly record: UpstreamRecord;
  readonly bytes: number;
  readonly partition: UpstreamPartition;
  previous: UpstreamEntry | null;
  next: UpstreamEntry | null;
  /** Who has it in hand. A consumer that is no longer this one cannot settle it. */
  holder: UpstreamConsumer | null;
}

/**
 * Records of some sockets in the order they came: a linked list, so that settling in any order costs the same. One
 * consumer owns it at a time; a new owner starts when the old one has nothing of it in hand any more.
 */
export class UpstreamPartition {
  owner: UpstreamConsumer | null = null;
  /** Who gets it once the owner's records in hand are settled; `owner` itself when nothing is to change. */
  successor: UpstreamConsumer | null = null;
  /** Next record to hand out; those before it are in hand. */
  waiting: UpstreamEntry | null = null;
  /** Whether it stands in the log's list of partitions with something to hand out. */
  scheduled = false;
  #head: UpstreamEntry | null = null;
  #tail: UpstreamEntry | null = null;
  #inHand = 0;

  append(record: UpstreamRecord, bytes: number): void {
    const entry: UpstreamEntry = {
      record,
      bytes,
      partition: this,
      previous: this.#tail,
      next: null,
      holder: null,
    };
    if (this.#tail === null) this.#head = entry;
    else this.#tail.next = entry;
    this.#tail = entry;
    if (this.waiting === null) this.waiting = entry;
  }

  /** Whether there is a record to hand out and a consumer to take it. */
  get ready(): boolean {
    return this.waiting !== null && this.owner !== null && this.owner === this.successor;
  }

  /** Marks the next waiting record as being in its owner's hand. Only while `ready`. */
  take(): UpstreamEntry {
    const entry = this.waiting!;
    const owner = this.owner!;
    this.waiting = entry.next;
    entry.holder = owner;
    owner.outstanding += 1;
    this.#inHand += 1;
    return entry;
  }

  /** Removes a record in hand for good. */
  settle(entry: UpstreamEntry): void {
    const holder = entry.holder!;
    entry.holder = null;
    holder.outstanding -= 1;
    this.#inHand -= 1;
    if (entry.previous === null) this.#head = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === null) this.#tail = entry.previous;
    else entry.next.previous = entry.previous;
    if (this.#inHand === 0) this.owner = this.successor;
  }

  /** Gives the partition to `consumer` as soon as its owner has nothing of it in hand. */
  assign(consumer: UpstreamConsumer | null): void {
    this.successor = consumer;
    if (this.#inHand === 0) this.owner = consumer;
  }

  /** Takes back what the owner has in hand: it will be handed out again, from the oldest on. */
  revoke(): void {
    for (let entry = this.#head; entry !== null && entry !== this.waiting; entry = entry.next) {
      if (entry.holder !== null) entry.holder.outstanding -= 1;
      entry.holder = null;
    }
    this.#inHand = 0;
    this.waiting = this.#head;
    this.owner = this.successor;
  }
}
