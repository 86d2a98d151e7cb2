import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import type {
  UpstreamHandler,
  UpstreamRecord,
  UpstreamSubscription,
} from '../../runtime/ports/upstream-log.ts';
import { decodeRecord } from '../../runtime/wire/record-codec.ts';
import { heldAssigner } from './held-assigner.ts';
import { KafkaConsumer, type KafkaConsumerOptions } from './kafka-consumer.ts';
import { Membership } from './membership.ts';
import { headersOf } from './message-headers.ts';
import { OpenPartition } from './open-partition.ts';

export interface UpstreamConsumerOptions {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  readonly topic: string;
  readonly group: string;
  readonly handler: UpstreamHandler;
  readonly lagged: (partition: number, records: number) => void;
  readonly changed?: KafkaConsumerOptions['changed'];
}

/** A crashed consumer's partitions go to others after this time, ms. */
const SESSION_TIMEOUT = 10_000;
const REBALANCE_TIMEOUT = 30_000;
/** How long a rebalance is held up for records in hands, ms. Commits keep the membership alive meanwhile. */
const SETTLE_BEFORE_REBALANCE = 20_000;
const COMMIT_EVERY = 100;
/** Records of one partition in hands at most: enough that one slow socket does not hold up its neighbours. */
const MAX_OPEN = 2_000;

/**
 * Takes records of all sockets side by side: a slow one holds its place in the log, and nothing else. A rebalance waits
 * until what is in hands is settled and committed, so that a socket's records are not in two hands at once.
 */
export class UpstreamConsumer implements UpstreamSubscription {
  private readonly options: UpstreamConsumerOptions;
  private readonly consumer: KafkaConsumer;
  private readonly lines: RepeatedLines;
  private readonly started: Promise<void>;
  private readonly membership: Membership;
  private readonly partitions = new Map<number, OpenPartition>();
  private readonly paused = new Map<number, () => void>();
  private commitOffsets: EachBatchPayload['commitOffsetsIfNecessary'] | null = null;
  private committing: Promise<void> | null = null;
  private readonly committer: TimerHandle;
  private member = '';
  private holdUntil: number | null = null;
  private isStopping = false;
  private stopped: Promise<void> | null = null;

  constructor(options: UpstreamConsumerOptions) {
    this.options = options;
    const { kafka, clock, log, topic, group, changed } = options;
    this.lines = new RepeatedLines(log, clock, { onHeldBack: options.onHeldBack });
    this.membership = new Membership(clock, SESSION_TIMEOUT);
    this.consumer = new KafkaConsumer({
      kafka,
      clock,
      log,
      topic,
      fromBeginning: true,
      concurrency: 1,
      changed,
      config: {
        groupId: group,
        partitionAssigners: [heldAssigner(() => this.mustWait())],
        sessionTimeout: SESSION_TIMEOUT,
        rebalanceTimeout: REBALANCE_TIMEOUT,
        heartbeatInterval: 1_000,
        maxWaitTimeInMs: 500,
        minBytes: 1,
        allowAutoTopicCreation: false,
        retry: { initialRetryTime: 50, maxRetryTime: 250, retries: 200 },
      },
      prepare: (running) => {
        this.membership.watch(running);
        running.on(running.events.GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
          this.joined(memberId, memberAssignment[topic] ?? []);
        });
      },
      eachBatch: (payload) => this.take(payload),
    });
    this.committer = clock.every(COMMIT_EVERY, () => void this.commit());
    this.started = this.consumer.start();
  }

  stop(deadline: number): Promise<void> {
    this.stopped ??= this.end(deadline);
    return this.stopped;
  }

  private get open(): number {
    let open = 0;
    for (const { size } of this.partitions.values()) open += size;
    return open;
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, isRunning, isStale, commitOffsetsIfNecessary } = payload;
    this.commitOffsets = commitOffsetsIfNecessary;
    const { partition } = batch;
    if (this.isStopping) return void this.pause(partition, payload);
    let open = this.partitions.get(partition);
    if (open === undefined) {
      open = new OpenPartition(this.membership);
      this.partitions.set(partition, open);
    }
    // The library looks each offset up that it is told of, so it is told of the last.
    let last: string | null = null;
    let taken = 0;
    for (const message of batch.messages) {
      if (this.isStopping || !isRunning() || isStale()) break;
      if (open.size >= MAX_OPEN) {
        this.pause(partition, payload);
        break;
      }
      this.handOut(open, partition, message);
      last = message.offset;
      taken++;
    }
    if (last !== null) resolveOffset(last);
    open.behind = Number(batch.offsetLag()) + batch.messages.length - taken;
    this.options.lagged(partition, open.behind + open.size);
    await heartbeat();
  }

  private handOut(open: OpenPartition, partition: number, message: KafkaMessage): void {
    const { handler } = this.options;
    const settle = open.add(message.offset, () => {
      if (open.size < MAX_OPEN / 2) this.resume(partition);
    });
    if (settle === null) return;
    let record: UpstreamRecord;
    try {
      const { key, value, headers } = message;
      record = decodeRecord(key?.toString() ?? '', value ?? new Uint8Array(0), headersOf(headers));
    } catch (error) {
      // Others may write to this topic what they like; it must not stand in the way of what follows.
      this.lines.error('no record', { err: error, partition, offset: message.offset }, 'no record; skipped');
      return settle();
    }
    handler(record, settle, open.standing);
  }

  /** Our partitions from now on. Who stayed a member had those it keeps all the time; else others may have had them. */
  private joined(member: string, partitions: readonly number[]): void {
    const hasStayed = member === this.member;
    this.member = member;
    this.membership.confirmed();
    this.holdUntil = null;
    for (const [partition, open] of this.partitions) {
      if (hasStayed && partitions.includes(partition)) continue;
      open.forget();
      this.partitions.delete(partition);
      this.options.lagged(partition, 0);
      this.resume(partition);
    }
  }

  /** Asked before a rebalance is joined. */
  private mustWait(): boolean {
    const { clock, log } = this.options;
    const isSettled = this.open === 0 && this.uncommitted().length === 0;
    if (isSettled || this.commitOffsets === null) return false;
    // What it has in hand is others' by now, and begun by nobody here: the sooner it is told so.
    if (!this.membership.isSure) return false;
    if (this.holdUntil === null) {
      this.holdUntil = clock.now() + SETTLE_BEFORE_REBALANCE;
      log.debug({ records: this.open }, 'a rebalance waits for records in hands');
    }
    return clock.now() < this.holdUntil;
  }

  private uncommitted(): { partition: number; offset: string }[] {
    const offsets: { partition: number; offset: string }[] = [];
    for (const [partition, open] of this.partitions) {
      const offset = open.committable();
      if (offset !== null) offsets.push({ partition, offset });
    }
    return offsets;
  }

  private commit(): Promise<void> {
    this.committing ??= this.commitOnce().finally(() => {
      this.committing = null;
    });
    return this.committing;
  }

  private async commitOnce(): Promise<void> {
    const { topic, log } = this.options;
    const partitions = this.uncommitted();
    if (partitions.length === 0 || this.commitOffsets === null) return;
    // Something was settled: without a new batch nobody else would say so.
    for (const { partition } of partitions) {
      const open = this.partitions.get(partition)!;
      this.options.lagged(partition, open.behind + open.size);
    }
    try {
      await this.commitOffsets({ topics: [{ topic, partitions }] });
      for (const { partition, offset } of partitions) this.partitions.get(partition)?.committed(offset);
    } catch (error) {
      log.debug({ err: error }, 'offsets not committed yet');
    }
  }

  private pause(partition: number, { pause }: EachBatchPayload): void {
    if (!this.paused.has(partition)) this.paused.set(partition, pause());
  }

  private resume(partition: number): void {
    const resume = this.paused.get(partition);
    if (resume === undefined || this.isStopping) return;
    this.paused.delete(partition);
    resume();
  }

  private async end(deadline: number): Promise<void> {
    const { clock } = this.options;
    this.isStopping = true;
    const end = clock.now() + deadline;
    while (this.open > 0 && clock.now() < end) {
      await new Promise<void>((resolve) => clock.after(5, resolve));
    }
    clock.cancel(this.committer);
    await this.commit();
    await this.commit();
    for (const open of this.partitions.values()) open.forget();
    await this.consumer.close();
    await this.started;
    for (const partition of this.partitions.keys()) this.options.lagged(partition, 0);
  }
}
