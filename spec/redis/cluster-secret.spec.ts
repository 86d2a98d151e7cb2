import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterSecret } from '../../src/adapters/redis/cluster-secret.ts';
import { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { RedisService } from '../support/services/redis-service.ts';
import { clock } from './redis-fixture.ts';

describe('the secret of a cluster', () => {
  let service: RedisService;
  const clients: RedisClient[] = [];
  beforeAll(async () => {
    service = await RedisService.start({ appendonly: 'no' });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await service.close();
  });

  async function newNode(): Promise<RedisClient> {
    const client = new RedisClient({
      settings: { url: service.url, master: '', ca: '', timeout: 2_000 },
      clock,
      log: new SilentLog(),
      observe: () => {},
    });
    clients.push(client);
    await new Promise<void>((resolve) => client.onReady(resolve));
    return client;
  }
  const keyOf = async (client: RedisClient) => (await clusterSecret(client))('test', 32).toString('hex');
  const kept = (client: RedisClient) => client.run((redis) => redis.exists('holdfast:secret'));

  it('is one for all nodes', async () => {
    const [one, other] = [await newNode(), await newNode()];
    expect(await keyOf(one)).toBe(await keyOf(other));
  });

  it('is the same for a node that starts after Redis has lost everything', async () => {
    const before = await keyOf(await newNode());
    await service.kill();
    await service.run();
    const late = await newNode();
    await eventually(5_000, async () => expect(await kept(late)).toBe(1));
    expect(await keyOf(late)).toBe(before);
  });
});
