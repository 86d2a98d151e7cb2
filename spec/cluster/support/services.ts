import { KafkaService } from '../../support/services/kafka-service.ts';
import { RedisService } from '../../support/services/redis-service.ts';
import type { Settings } from './member.ts';

/** What a cluster needs to have running. */
export interface Services {
  readonly redis: RedisService;
  /** Null where Redis carries the logs, too. */
  readonly kafka: KafkaService | null;
  readonly settings: Settings;
  close(): Promise<void>;
}

/** Redis alone: it carries the logs, too. */
export async function startRedisOnly(): Promise<Services> {
  const redis = await RedisService.start();
  return { redis, kafka: null, settings: { 'redis.url': redis.url }, close: () => redis.close() };
}

/** Redis for who is where, Kafka for the logs. */
export async function startRedisAndKafka(): Promise<Services> {
  const [redis, kafka] = await Promise.all([RedisService.start(), KafkaService.start()]);
  return {
    redis,
    kafka,
    settings: { 'redis.url': redis.url, 'kafka.brokers': kafka.brokers, 'kafka.partitions': '4' },
    close: async () => {
      await Promise.all([redis.close(), kafka.close()]);
    },
  };
}
