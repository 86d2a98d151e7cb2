import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partitionKey } from '../../src/adapters/redis/streams/partitions.ts';
import { Member } from './support/member.ts';
import { type Services, startRedisOnly } from './support/services.ts';

describe('a gateway of a cluster that rehearses before it opens', () => {
  let services: Services;
  let gateway: Member;
  let redis: Redis;

  beforeAll(async () => {
    services = await startRedisOnly();
    redis = new Redis(services.redis.url);
    gateway = await Member.create('gateway', 'gateway', {
      ...services.settings,
      'engine.rehearsal': 'true',
      'auth.mode': 'backend',
      'backend.url': 'http://127.0.0.1:9',
      'log.level': 'debug',
      'log.format': 'json',
    });
    await gateway.start();
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    redis?.disconnect();
    await services?.close();
  });

  it('has had a few thousand connections, of which it writes one line', () => {
    const lines = gateway.output.split('\n').filter((line) => line.startsWith('{'));
    const about = lines.map((line) => JSON.parse(line) as { msg: string; connections?: number });
    expect(about.find(({ msg }) => msg === 'rehearsed')?.connections).toBeGreaterThan(1_000);
    expect(about.filter(({ msg }) => msg.startsWith('connection'))).toEqual([]);
  });

  it('neither counts them nor keeps them', async () => {
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    for (const name of ['connects_total', 'sockets', 'messages_received_total', 'bytes_received_total']) {
      expect(new RegExp(`^holdfast_${name} (.*)$`, 'm').exec(metrics)?.[1]).toBe('0');
    }
  });

  it('tells neither Redis nor the log of them', async () => {
    expect(await redis.keys('ws:*')).toEqual([]);
    const partitions = await redis.keys(partitionKey(0).replace(/\d+/, '*'));
    const lengths = await Promise.all(partitions.map((key) => redis.xlen(key)));
    expect(lengths.filter((length) => length > 0)).toEqual([]);
  });
});
