import type { Consumer, ConsumerConfig, EachBatchPayload, Kafka } from 'kafkajs';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';

export interface KafkaConsumerOptions {
  readonly kafka: Kafka;
  readonly config: ConsumerConfig;
  readonly topic: string;
  readonly fromBeginning: boolean;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly eachBatch: (payload: EachBatchPayload) => Promise<void>;
  /** It has joined its group, once for each rebalance; or it has ended, and another takes its place. */
  readonly changed?: ((event: 'joined' | 'replaced') => void) | undefined;
  /** A new consumer is about to begin. */
  readonly prepare?: (consumer: Consumer) => void;
  /** A new consumer runs: the first, or one in place of another. */
  readonly began?: (consumer: Consumer) => void;
}

const PAUSE = 1_000;
const DISCONNECT_WITHIN = 5_000;
/** Fetches come many times a second, also when there is nothing; a consumer without one for so long (ms) hangs. */
const SILENCE = 30_000;

/**
 * A consumer that stays: the library gives up on some errors for good, and hangs on others. Either way another takes
 * its place.
 */
export class KafkaConsumer {
  private readonly options: KafkaConsumerOptions;
  private consumer: Consumer | null = null;
  private watchdog: TimerHandle | null = null;
  private aliveAt = 0;
  private closed = false;

  constructor(options: KafkaConsumerOptions) {
    this.options = options;
  }

  get current(): Consumer | null {
    return this.consumer;
  }

  /** Resolves when the first consumer runs, however long the brokers take. */
  async start(): Promise<void> {
    const { clock } = this.options;
    this.watchdog = clock.every(SILENCE / 3, () => {
      if (this.consumer !== null && clock.now() - this.aliveAt > SILENCE)
        this.replace('it has fallen silent');
    });
    await this.begin();
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.watchdog !== null) this.options.clock.cancel(this.watchdog);
    const { consumer } = this;
    this.consumer = null;
    if (consumer !== null) await this.end(consumer);
  }

  private async begin(): Promise<void> {
    const { kafka, config, topic, fromBeginning, concurrency, eachBatch, log, clock, began } = this.options;
    while (!this.closed) {
      const consumer = kafka.consumer({
        ...config,
        retry: { ...config.retry, restartOnFailure: async () => false },
      });
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [topic], fromBeginning });
        this.options.prepare?.(consumer);
        this.aliveAt = clock.now();
        consumer.on(consumer.events.GROUP_JOIN, () => this.options.changed?.('joined'));
        consumer.on(consumer.events.FETCH, () => {
          this.aliveAt = clock.now();
        });
        consumer.on(consumer.events.END_BATCH_PROCESS, () => {
          this.aliveAt = clock.now();
        });
        consumer.on(consumer.events.HEARTBEAT, () => {
          this.aliveAt = clock.now();
        });
        const crashes: Error[] = [];
        consumer.on(consumer.events.CRASH, ({ payload }) => {
          crashes.push(payload.error);
          if (this.consumer === consumer) this.replace(payload.error.message);
        });
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: concurrency,
          eachBatch,
        });
        // `run` resolves as well when joining the group has failed for good.
        if (crashes[0] !== undefined) throw crashes[0];
        if (this.closed) return void (await this.end(consumer));
        this.consumer = consumer;
        began?.(consumer);
        return;
      } catch (error) {
        log.warn({ err: error, topic }, 'not consuming yet; trying again');
        await this.end(consumer);
        await new Promise<void>((resolve) => clock.after(PAUSE, resolve));
      }
    }
  }

  private replace(why: string): void {
    const { consumer } = this;
    if (consumer === null || this.closed) return;
    this.consumer = null;
    this.options.changed?.('replaced');
    this.options.log.warn(
      { topic: this.options.topic, why },
      'a consumer has ended; another takes its place',
    );
    void this.end(consumer).then(() => this.begin());
  }

  private async end(consumer: Consumer): Promise<void> {
    const late = new Promise<void>((resolve) => this.options.clock.after(DISCONNECT_WITHIN, resolve));
    await Promise.race([consumer.disconnect().catch(() => {}), late]);
  }
}
