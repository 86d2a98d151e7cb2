import type { EachBatchPayload, Kafka } from 'kafkajs';
import { sizeOf } from '../../runtime/backend/record-size.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../../runtime/ports/upstream-log.ts';
import { decodeRecord, encodeRecord } from '../../runtime/wire/record-codec.ts';
import { KafkaConsumer } from './kafka-consumer.ts';
import { KafkaWriter } from './kafka-writer.ts';
import { headersOf } from './message-headers.ts';
import { OpenBatch } from './open-batch.ts';
import { UPSTREAM } from './topics.ts';

export interface KafkaUpstreamLogOptions {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly observe: (seconds: number) => void;
  /** A record was accepted and had to be given up. */
  readonly refused: (record: UpstreamRecord, error: unknown) => void;
  /** Records in front of this consumer that it has not consumed, by partition. */
  readonly lagged: (partition: number, records: number) => void;
}

const GROUP = 'holdfast-api';
const GIVE_UP_AFTER = 60_000;
const SESSION_TIMEOUT = 10_000;
const CONCURRENCY = 64;
/** Small enough that one slow socket does not hold up many others. */
const BATCH_BYTES = 128 * 1024;

/** The upstream log in `ws.upstream`, keyed by socket. Accepted means: by all replicas in sync. */
export class KafkaUpstreamLog implements UpstreamLog {
  readonly #options: KafkaUpstreamLogOptions;
  readonly #writer: KafkaWriter;
  readonly #subscriptions = new Set<UpstreamSubscription>();

  constructor(options: KafkaUpstreamLogOptions) {
    this.#options = options;
    this.#writer = new KafkaWriter({
      ...options,
      topic: UPSTREAM,
      maxMessages: options.maxRecords,
      giveUpAfter: GIVE_UP_AFTER,
    });
  }

  append(record: UpstreamRecord): void {
    const { value, headers } = encodeRecord(record, this.#options.version);
    this.#writer.write({
      message: { key: record.key, value, headers },
      bytes: sizeOf(record),
      precious: record.kind === 'disconnect',
      accepted: () => {},
      refused: (error) => this.#options.refused(record, error),
    });
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    const { kafka, clock, log, lagged } = this.#options;
    const open = new Set<OpenBatch>();
    let stopping = false;
    const consumer = new KafkaConsumer({
      kafka,
      clock,
      log,
      topic: UPSTREAM,
      fromBeginning: true,
      concurrency: CONCURRENCY,
      config: {
        groupId: GROUP,
        sessionTimeout: SESSION_TIMEOUT,
        rebalanceTimeout: 30_000,
        heartbeatInterval: 1_000,
        maxBytesPerPartition: BATCH_BYTES,
        maxWaitTimeInMs: 500,
        minBytes: 1,
        allowAutoTopicCreation: false,
      },
      eachBatch: async (payload) => {
        if (stopping || payload.isStale()) return;
        const batch = new OpenBatch(payload, clock, () => stopping);
        open.add(batch);
        try {
          for (const { record, settle } of this.#recordsOf(payload, batch)) handler(record, settle);
          await batch.settled();
        } finally {
          open.delete(batch);
        }
        lagged(payload.batch.partition, Number(payload.batch.offsetLag()));
      },
    });
    const started = consumer.start();
    let stopped: Promise<void> | null = null;
    const stop = async (deadline: number) => {
      stopping = true;
      const end = clock.now() + deadline;
      while ([...open].some((batch) => batch.isOpen) && clock.now() < end) {
        await new Promise<void>((resolve) => clock.after(5, resolve));
      }
      for (const batch of open) batch.abandon();
      await consumer.close();
      await started;
    };
    const subscription: UpstreamSubscription = {
      stop: (deadline) => {
        stopped ??= stop(deadline).finally(() => this.#subscriptions.delete(subscription));
        return stopped;
      },
    };
    this.#subscriptions.add(subscription);
    return subscription;
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), ...[...this.#subscriptions].map((one) => one.stop(0))]);
  }

  *#recordsOf({ batch }: EachBatchPayload, open: OpenBatch) {
    for (const { offset, key, value, headers } of batch.messages) {
      const settle = open.add(offset);
      try {
        const record = decodeRecord(key?.toString() ?? '', value ?? new Uint8Array(0), headersOf(headers));
        yield { record, settle };
      } catch (error) {
        // Others may write to this topic what they like; it must not stand in the way of what follows.
        this.#options.log.error({ err: error, partition: batch.partition, offset }, 'no record; skipped');
        settle();
      }
    }
  }
}
