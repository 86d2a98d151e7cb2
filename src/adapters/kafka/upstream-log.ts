import type { Kafka } from 'kafkajs';
import { sizeOf } from '../../runtime/backend/record-size.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../../runtime/ports/upstream-log.ts';
import { encodeRecord } from '../../runtime/wire/record-codec.ts';
import { TIME_HEADERS } from '../../runtime/wire/record-headers.ts';
import type { KafkaConsumerOptions } from './kafka-consumer.ts';
import { KafkaWriter, type KafkaWriterOptions } from './kafka-writer.ts';
import { UPSTREAM } from './topics.ts';
import { UpstreamConsumer } from './upstream-consumer.ts';

export interface KafkaUpstreamLogOptions {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  /** Whether this node may write now; what comes while it may not waits. Always, unless told. */
  readonly holds?: () => boolean;
  readonly version: string;
  /** Whether a trace is sampled; said of none that it is not unless told. */
  readonly samples?: ((traceId: string) => boolean) | undefined;
  readonly topic?: string;
  readonly group?: string;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly observe: KafkaWriterOptions['observe'];
  /** What becomes of consumers; nobody listens unless told. */
  readonly consumerChanged?: KafkaConsumerOptions['changed'];
  /** A record has left for the brokers, so long (ms) after the gateway received it. */
  readonly left: (milliseconds: number) => void;
  /** A record was accepted and had to be given up. */
  readonly refused: (record: UpstreamRecord, error: unknown) => void;
  /** Records in front of this consumer that it has not consumed, by partition. */
  readonly lagged: (partition: number, records: number) => void;
}

const GROUP = 'holdfast-api';
/** How long (ms) a record may wait for the brokers. */
const GIVE_UP_AFTER = 60_000;

/** The upstream log in `ws.upstream`, keyed by socket. Accepted means: by all replicas in sync. */
export class KafkaUpstreamLog implements UpstreamLog {
  readonly #options: KafkaUpstreamLogOptions;
  readonly #writer: KafkaWriter;
  readonly #subscriptions = new Set<UpstreamSubscription>();

  constructor(options: KafkaUpstreamLogOptions) {
    this.#options = options;
    this.#writer = new KafkaWriter({
      ...options,
      topic: options.topic ?? UPSTREAM,
      maxMessages: options.maxRecords,
      departure: { header: TIME_HEADERS.log, left: options.left },
    });
  }

  /** Resolves when the first record would not wait for a connection. Rejects with `unavailable`. */
  warmUp(): Promise<void> {
    return this.#writer.warmUp();
  }

  /** Records that the brokers have not accepted yet. */
  get waiting(): number {
    return this.#writer.size;
  }

  append(record: UpstreamRecord): void {
    const { version, samples } = this.#options;
    const { value, headers } = encodeRecord(record, version, samples?.(record.traceId));
    this.#writer.write({
      message: { key: record.key, value, headers },
      bytes: sizeOf(record),
      received: record.time,
      patience: GIVE_UP_AFTER,
      precious: record.kind === 'disconnect',
      accepted: () => {},
      refused: (error) => this.#options.refused(record, error),
    });
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    const { kafka, clock, log, onHeldBack, lagged, topic = UPSTREAM, group = GROUP } = this.#options;
    const consumer = new UpstreamConsumer({
      kafka,
      clock,
      log,
      onHeldBack,
      topic,
      group,
      handler,
      lagged,
      changed: this.#options.consumerChanged,
    });
    this.#subscriptions.add(consumer);
    return {
      stop: (deadline) => consumer.stop(deadline).finally(() => this.#subscriptions.delete(consumer)),
    };
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), ...[...this.#subscriptions].map((one) => one.stop(0))]);
  }
}
