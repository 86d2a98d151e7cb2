import { kafkaClient } from '../adapters/kafka/kafka-client.ts';
import { createTopics } from '../adapters/kafka/topics.ts';
import { openLogOutput } from '../adapters/pino/log-output.ts';
import { createPinoLog } from '../adapters/pino/pino-log.ts';
import type { Config } from '../runtime/config/config.ts';
import { SystemClock } from '../runtime/time/system-clock.ts';

/** `holdfast topics create`. Rejects when Kafka cannot be reached. */
export async function createKafkaTopics({ kafka, log }: Config): Promise<readonly string[]> {
  const output = openLogOutput(2, false);
  const clock = new SystemClock();
  return createTopics(kafkaClient(kafka, createPinoLog(log.level, output).log, clock), kafka, clock);
}
