import { join } from 'node:path';
import type { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RedisEventChannel } from '../../src/adapters/redis/event-channel.ts';
import { RedisLeaseStore } from '../../src/adapters/redis/lease-store.ts';
import { RedisPresence } from '../../src/adapters/redis/presence.ts';
import { clientKey } from '../../src/adapters/redis/presence-keys.ts';
import { redisAddress } from '../../src/adapters/redis/redis-address.ts';
import { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import { findTopology } from '../../src/adapters/redis/redis-topology.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { freePort } from '../support/services/free-port.ts';
import { RedisCluster } from '../support/services/redis-cluster.ts';
import { MASTER, RedisSentinels } from '../support/services/redis-sentinels.ts';
import { RedisService } from '../support/services/redis-service.ts';
import { clock } from './redis-fixture.ts';

const clients: RedisClient[] = [];
const certificate = (name: string) => join(import.meta.dirname, '../support/certificates', name);
function connect(url: string, { master = '', ca = '' } = {}): RedisClient {
  const client = new RedisClient({
    settings: { url, master, ca, timeout: 2_000 },
    clock,
    log: new SilentLog(),
    observe: () => {},
  });
  clients.push(client);
  return client;
}
const reached = (client: RedisClient) => new Promise<void>((resolve) => client.onReady(resolve));
const echo = (client: RedisClient) => client.run((redis) => redis.set('said', '1'));
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

describe('redis.url', () => {
  it('names one host or several, with credentials, a database and TLS', () => {
    expect(redisAddress('redis://a')).toEqual({
      isEncrypted: false,
      username: '',
      password: '',
      hosts: [{ host: 'a', port: 6379 }],
      database: 0,
    });
    expect(redisAddress('rediss://ann:p%40ss@a:1,[::1]:2/3')).toEqual({
      isEncrypted: true,
      username: 'ann',
      password: 'p@ss',
      hosts: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
      ],
      database: 3,
    });
    for (const wrong of ['redis://', 'redis://a,', 'redis://a:b', 'redis://a/x']) {
      expect(() => redisAddress(wrong)).toThrow('redis.url');
    }
  });
});

describe('a Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster?.close());

  it('is found out by one of its nodes, though the first named is not there', async () => {
    const client = connect(`redis://127.0.0.1:1,127.0.0.1:${cluster.nodes[1]!.port}`);
    await reached(client);
    for (let key = 0; key < 30; key++) await client.run((redis) => redis.set(`key ${key}`, key));
    expect(await client.run((redis) => redis.get('key 29'))).toBe('29');
  });

  it('leases node numbers, and carries events to all who subscribe', async () => {
    const [one, other] = [connect(cluster.url), connect(cluster.url)];
    await Promise.all([reached(one), reached(other)]);
    const lease = await new RedisLeaseStore(one).acquire({
      name: 'gateway',
      owner: 'me',
      wanted: null,
      previous: null,
      role: 'gateway',
      version: '1',
      address: '',
      inspectAddress: '',
      ttl: 5_000,
    });
    expect(lease.kind).toBe('granted');
    const heard: object[] = [];
    const subscription = new RedisEventChannel(other, clock, new SilentLog()).subscribe(
      (event) => heard.push(event),
      () => {},
    );
    const channel = new RedisEventChannel(one, clock, new SilentLog());
    await eventually(5_000, () => {
      channel.publish({ hello: 'all' });
      expect(heard).toContainEqual({ hello: 'all' });
    });
    subscription.close();
  });

  it('goes on after the loss of the node that carries events, and says that some may be missing', async () => {
    const [one, other] = [connect(cluster.url), connect(cluster.url)];
    await Promise.all([reached(one), reached(other)]);
    const heard: object[] = [];
    let gaps = 0;
    const subscription = new RedisEventChannel(other, clock, new SilentLog()).subscribe(
      (event) => heard.push(event),
      () => gaps++,
    );
    const channel = new RedisEventChannel(one, clock, new SilentLog());
    const hears = (event: object) =>
      eventually(20_000, () => {
        channel.publish(event);
        expect(heard).toContainEqual(event);
      });
    await hears({ before: 1 });
    expect(gaps).toBe(0);
    const carrier = await one.run((redis) => carrierOf(redis as Cluster, 'holdfast:events'));
    const node = cluster.nodes.find(({ port }) => port === carrier)!;
    await node.kill();
    channel.publish({ meanwhile: 1 });
    await expect(one.run((redis) => redis.set('{holdfast:events}', '1'))).rejects.toThrow('Redis');
    await node.run();
    await hears({ after: 1 });
    expect(heard).not.toContainEqual({ meanwhile: 1 });
    await eventually(10_000, () => expect(gaps).toBe(1));
    expect(await one.run((redis) => redis.set('{holdfast:events}', '2'))).toBe('OK');
    subscription.close();
  }, 60_000);
});

/** Port of the node that holds the slot of a key. */
async function carrierOf(cluster: Cluster, key: string): Promise<number> {
  const slot = Number(await cluster.cluster('KEYSLOT', key));
  const ranges = await cluster.cluster('SLOTS');
  const [, , [, port]] = ranges.find(([from, to]) => from <= slot && slot <= to)!;
  return port;
}

describe('Redis behind sentinels', () => {
  let sentinels: RedisSentinels;
  beforeAll(async () => {
    sentinels = await RedisSentinels.start();
  });
  afterAll(() => sentinels.close());

  it('needs to be told which master is meant only when there are several', async () => {
    const address = redisAddress(sentinels.url);
    expect(await findTopology(address, {}, '')).toEqual({ kind: 'sentinel', master: MASTER, locked: true });
    await expect(findTopology(address, {}, 'another')).rejects.toThrow(
      `redis.master is another; the sentinels watch ${MASTER}`,
    );
  });

  it('goes on with the new master in less than ten seconds, which is told again who is here', async () => {
    const client = connect(sentinels.url, { master: MASTER });
    await reached(client);
    const presence = new RedisPresence({
      client,
      clock,
      log: new SilentLog(),
      self: { number: 1, epoch: 1 },
      directory: { gateways: () => [1], isLive: () => true, settled: () => null },
    });
    presence.add({ socket: '42', user: 'ann', node: 1, seen: clock.wallNow() });
    await eventually(2_000, async () => expect(await presence.homesOf(['42'])).toEqual([1]));
    // As if it had not been replicated in time.
    await client.run((redis) => redis.del(clientKey('42')));
    await sentinels.master.kill();
    const start = performance.now();
    await expect(echo(client)).rejects.toThrow('Redis');
    await eventually(10_000, async () => {
      await echo(client);
    });
    expect(performance.now() - start).toBeLessThan(10_000);
    await eventually(2_000, async () => expect(await presence.homesOf(['42'])).toEqual([1]));
  }, 30_000);
});

describe('Redis with TLS and users', () => {
  let redis: RedisService;
  let port: string;
  beforeAll(async () => {
    port = String(await freePort());
    redis = await RedisService.start({
      requirepass: 'for-all',
      user: 'ann on >secret ~* &* +@all',
      'tls-port': port,
      'tls-cert-file': certificate('first.crt'),
      'tls-key-file': certificate('first.key'),
      'tls-ca-cert-file': certificate('first.crt'),
      'tls-auth-clients': 'no',
    });
  });
  afterAll(() => redis.close());

  it('is reached with its password, or as one of its users, when its certificate is trusted', async () => {
    for (const who of [':for-all', 'ann:secret']) {
      const client = connect(`rediss://${who}@localhost:${port}`, { ca: certificate('first.crt') });
      await reached(client);
      expect(await echo(client)).toBe('OK');
    }
  });

  it('is not spoken to under a certificate that is not trusted', async () => {
    const client = connect(`rediss://:for-all@localhost:${port}`, { ca: certificate('second.crt') });
    await eventually(5_000, () => expect(client.trouble).toMatch(/certificate/));
    await expect(echo(client)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('says of a wrong password that it is wrong', async () => {
    const client = connect(`redis://:wrong@127.0.0.1:${redis.port}`);
    await eventually(5_000, () => expect(client.trouble).toMatch(/WRONGPASS/));
    await expect(echo(client)).rejects.toMatchObject({ message: expect.stringContaining('WRONGPASS') });
  });
});
