import type { Kafka } from 'kafkajs';
import { Downstream } from '../adapters/kafka/downstream.ts';
import { kafkaClient } from '../adapters/kafka/kafka-client.ts';
import { KafkaWatch } from '../adapters/kafka/kafka-watch.ts';
import { KafkaMailbox } from '../adapters/kafka/mailbox.ts';
import { createTopics } from '../adapters/kafka/topics.ts';
import { KafkaUpstreamLog } from '../adapters/kafka/upstream-log.ts';
import type { RedisClient } from '../adapters/redis/redis-client.ts';
import { VERSION } from '../cli/version.ts';
import { recordFacts } from '../runtime/backend/record-facts.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Letter } from '../runtime/delivery/letter.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { DependencyCondition } from '../runtime/ports/readiness.ts';
import { decodeLetter, encodeLetter } from '../runtime/wire/letter-codec.ts';
import type { BusParts } from './bus-for.ts';
import type { BusSeat } from './cluster-bus.ts';
import { countedLines, heldBackIn } from './node-metrics.ts';
import { type Incarnation, RedisBus } from './redis-bus.ts';

/** Redis for who is where, Kafka for the logs and the mailboxes. */
export class KafkaBus extends RedisBus {
  private readonly kafka: Kafka;
  private readonly watch: KafkaWatch;
  private readonly lags = new Map<number, number>();

  constructor(
    config: Config,
    parts: BusParts,
    redis?: RedisClient,
    kafka = kafkaClient(config.kafka, parts.log, parts.clock, undefined, heldBackIn(parts.metrics)),
  ) {
    super(config, parts, redis);
    this.kafka = kafka;
    this.watch = new KafkaWatch(this.kafka, parts.clock);
  }

  override conditions(): Readonly<Record<string, DependencyCondition>> {
    const { trouble } = this.watch;
    return { ...super.conditions(), kafka: { ok: trouble === '', detail: trouble || 'connected' } };
  }

  override lag(): number {
    let records = 0;
    for (const lag of this.lags.values()) records += lag;
    return records;
  }

  override async close(): Promise<void> {
    this.watch.close();
    await super.close();
  }

  protected override async openLogs(
    self: Incarnation,
    holds: () => boolean,
  ): Promise<Omit<BusSeat, 'presence'>> {
    const { clock, log, metrics } = this.parts;
    const tracer = this.parts.tracer?.at(self.number);
    const lines = countedLines(log, clock, metrics);
    const onHeldBack = heldBackIn(metrics);
    const { kafka, directory } = this;
    await createTopics(kafka, this.config.kafka, clock);
    const { total: maxRecords, maxBytes } = this.config.backend.queue;
    const observe = (seconds: number, isTaken: boolean) => {
      if (isTaken) metrics.kafkaProduceDuration.observe(seconds * 1000);
      else metrics.counters.add(COUNTER.kafkaProduceErrors);
    };
    const consumerChanged = (event: 'joined' | 'replaced') =>
      metrics.counters.add(COUNTER.kafkaConsumers[event]);
    const mailbox = new KafkaMailbox<Letter>({
      holds,
      kafka,
      clock,
      log,
      onHeldBack,
      directory,
      encode: encodeLetter,
      decode: decodeLetter,
      observe,
      consumerChanged,
    });
    const upstreamLog = new KafkaUpstreamLog({
      holds,
      kafka,
      clock,
      log,
      onHeldBack,
      version: VERSION,
      samples: tracer === undefined ? undefined : (traceId) => tracer.samples(traceId),
      maxRecords,
      maxBytes,
      observe,
      consumerChanged,
      left: (milliseconds) => metrics.deliveryDelay.gateway.observe(milliseconds),
      refused: (record, error) => {
        metrics.counters.add(COUNTER.messagesDropped['backend queue']);
        lines.error('record', { ...recordFacts(record), err: error }, 'a record was given up', record.socket);
      },
      lagged: (partition, records) => this.lags.set(partition, records),
    });
    const leave = async () => {
      await Promise.all([mailbox.close(), upstreamLog.close()]);
    };
    try {
      await Promise.all([mailbox.warmUp(), upstreamLog.warmUp()]);
    } catch (error) {
      await leave();
      throw error;
    }
    return {
      mailbox,
      upstreamLog,
      openInlet: async (deliverer) => {
        const inlet = new Downstream({
          kafka,
          clock,
          log,
          onHeldBack,
          deliverer,
          observe,
          consumerChanged,
          tracer,
          onDeadLetter: () => metrics.counters.add(COUNTER.deadLetters),
        });
        void inlet.start();
        return () => inlet.close();
      },
      waiting: () => upstreamLog.waiting,
      leave,
    };
  }
}
