import type { Clock } from '../../../runtime/ports/clock.ts';
import type { Incarnation } from '../../../runtime/ports/lease-store.ts';
import type { Log } from '../../../runtime/ports/log.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../../../runtime/ports/upstream-log.ts';
import type { RedisClient } from '../redis-client.ts';
import { RecordWriter, type RecordWriterLimits } from './record-writer.ts';
import { StreamConsumer } from './stream-consumer.ts';

export interface StreamUpstreamLogOptions extends RecordWriterLimits {
  /** The incarnation that appends here. */
  readonly self: Incarnation;
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every log line that is not written because there were too many like it. */
  readonly onHeldBack?: (() => void) | undefined;
  /** Whether this node may write now; what comes while it may not waits. Always, unless told. */
  readonly holds?: () => boolean;
  /** A record was accepted and had to be given up: Redis was away for too long. */
  readonly refused: (record: UpstreamRecord, error: unknown) => void;
  /** A record has left for Redis, so long (ms) after the gateway received it. */
  readonly left: (milliseconds: number) => void;
}

/**
 * The upstream log on Redis Streams: a fixed number of partitions, each read by one consumer of the group at a time.
 * As durable as Redis is: what it had not replicated or written to disk when it failed is lost.
 */
export class StreamUpstreamLog implements UpstreamLog {
  readonly #options: StreamUpstreamLogOptions;
  readonly #writer: RecordWriter;
  readonly #consumers = new Set<StreamConsumer>();

  constructor(options: StreamUpstreamLogOptions) {
    this.#options = options;
    this.#writer = new RecordWriter(options);
  }

  /** Records that Redis has not taken yet. */
  get waiting(): number {
    return this.#writer.size;
  }

  append(record: UpstreamRecord): void {
    this.#writer.append(record);
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    const consumer = new StreamConsumer({ ...this.#options, handler });
    this.#consumers.add(consumer);
    consumer.start();
    return {
      stop: async (deadline) => {
        await consumer.stop(deadline);
        this.#consumers.delete(consumer);
      },
    };
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async close(): Promise<void> {
    this.#writer.close();
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop(0)));
  }
}
