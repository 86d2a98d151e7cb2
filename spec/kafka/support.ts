import type { Kafka } from 'kafkajs';
import { kafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { createTopics } from '../../src/adapters/kafka/topics.ts';
import { KafkaUpstreamLog, type KafkaUpstreamLogOptions } from '../../src/adapters/kafka/upstream-log.ts';
import type { Log } from '../../src/runtime/ports/log.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { KafkaService } from '../support/services/kafka-service.ts';

export const LOG: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => LOG,
};
export const CLOCK = new SystemClock();

/** Brokers that run already (`KAFKA_BROKERS`), or one of our own for the time of a spec. */
export async function someKafka(): Promise<{ kafka: Kafka; close(): Promise<void> }> {
  const given = process.env['KAFKA_BROKERS'];
  const service = given === undefined ? await KafkaService.start() : null;
  const kafka = clientOf(given ?? service!.brokers);
  await createTopics(kafka, { partitions: 4, replication: 0 });
  return { kafka, close: async () => service?.close() };
}

export function clientOf(brokers: string): Kafka {
  return kafkaClient(
    {
      brokers: brokers.split(','),
      tls: false,
      sasl: { mechanism: 'none', username: '', password: '' },
    },
    LOG,
  );
}

/** A topic that nobody has written to. */
export async function freshTopic(kafka: Kafka, numPartitions: number): Promise<string> {
  const topic = `spec.${Date.now()}.${Math.random().toString(36).slice(2)}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  await admin.disconnect();
  return topic;
}

export function upstreamLog(
  kafka: Kafka,
  topic: string,
  options: Partial<KafkaUpstreamLogOptions> = {},
): KafkaUpstreamLog {
  return new KafkaUpstreamLog({
    kafka,
    clock: CLOCK,
    log: LOG,
    version: '0.0.0',
    topic,
    group: topic,
    maxRecords: 100_000,
    maxBytes: 64 * 1024 * 1024,
    observe: () => {},
    refused: () => {},
    lagged: () => {},
    ...options,
  });
}
