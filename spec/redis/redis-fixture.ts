import { Cluster } from 'ioredis';
import { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { RedisCluster } from '../support/services/redis-cluster.ts';
import { RedisSentinels } from '../support/services/redis-sentinels.ts';
import { RedisService } from '../support/services/redis-service.ts';

export const clock = new SystemClock();

/** Redis for one file of tests: that of `REDIS_URL`, or one of our own. Emptied before each test. */
export class RedisFixture {
  readonly url: string;
  private readonly service: { close(): Promise<void> } | null;
  private readonly clients: RedisClient[] = [];

  private constructor(url: string, service: { close(): Promise<void> } | null) {
    this.url = url;
    this.service = service;
  }

  static async start(): Promise<RedisFixture> {
    const given = process.env.REDIS_URL;
    if (given !== undefined) return new RedisFixture(given, null);
    const service = await RedisService.start();
    return new RedisFixture(service.url, service);
  }

  static async startCluster(): Promise<RedisFixture> {
    const cluster = await RedisCluster.start();
    return new RedisFixture(cluster.url, cluster);
  }

  static async startSentinels(): Promise<RedisFixture> {
    const sentinels = await RedisSentinels.start();
    return new RedisFixture(sentinels.url, sentinels);
  }

  /** A connected client, closed with the others by `reset`. */
  async client(): Promise<RedisClient> {
    const client = new RedisClient({
      settings: { url: this.url, master: '', ca: '', timeout: 2_000 },
      clock,
      log: new SilentLog(),
      observe: () => {},
    });
    this.clients.push(client);
    await new Promise<void>((resolve) => client.onReady(resolve));
    return client;
  }

  async reset(): Promise<void> {
    for (const client of this.clients.splice(0)) client.close();
    const client = await this.client();
    await client.run(async (redis) => {
      const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
      for (const server of servers) await server.flushdb();
    });
  }

  async close(): Promise<void> {
    for (const client of this.clients.splice(0)) client.close();
    await this.service?.close();
  }
}
