import { RedisService } from '../../support/services/redis-service.ts';
import type { Settings } from './member.ts';

/** What a cluster needs to have running. */
export interface Services {
  readonly redis: RedisService;
  readonly settings: Settings;
  close(): Promise<void>;
}

/** Redis alone: it carries the logs, too. */
export async function startRedisOnly(): Promise<Services> {
  const redis = await RedisService.start();
  return { redis, settings: { 'redis.url': redis.url }, close: () => redis.close() };
}
