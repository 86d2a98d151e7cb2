import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisBurial } from '../../src/adapters/redis/burial.ts';
import { RedisPresence } from '../../src/adapters/redis/presence.ts';
import { clientKey, clientsOfNode } from '../../src/adapters/redis/presence-keys.ts';
import { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { RedisService } from '../support/services/redis-service.ts';
import { clock, RedisFixture } from './redis-fixture.ts';

const SOCKET = '42';

describe('presence of a socket that came while Redis was away', () => {
  let service: RedisService;
  let client: RedisClient;
  beforeAll(async () => {
    service = await RedisService.start();
    client = new RedisClient({
      settings: { url: service.url, master: '', ca: '', timeout: 500 },
      clock,
      log: new SilentLog(),
      observe: () => {},
    });
    await new Promise<void>((resolve) => client.onReady(resolve));
  });
  afterAll(async () => {
    client.close();
    await service.close();
  });

  const presence = () =>
    new RedisPresence({
      client,
      clock,
      log: new SilentLog(),
      self: { number: 1, epoch: 1 },
      directory: { gateways: () => [1], isLive: () => true, settled: () => null },
      cacheFor: 0,
    });

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'is said to be written when Redis has it, however long that takes (%s)',
    async (signal) => {
      const node = presence();
      if (signal === 'SIGKILL') await service.kill();
      else service.signal(signal);
      let isSaid = false;
      const written = node.add({ socket: SOCKET, user: 'anna', node: 1, seen: clock.wallNow() }).then(() => {
        isSaid = true;
      });
      await sleep(1_500);
      expect(isSaid).toBe(false);
      if (signal === 'SIGKILL') await service.run();
      else service.signal('SIGCONT');
      await written;
      expect(await node.homesOf([SOCKET])).toEqual([1]);
      node.close();
    },
  );

  it('is written although another cannot be', async () => {
    const node = presence();
    await client.run((redis) => redis.set(clientKey('43'), 'of another kind'));
    service.signal('SIGSTOP');
    node.add({ socket: '43', user: 'bert', node: 1, seen: clock.wallNow() });
    const written = node.add({ socket: SOCKET, user: 'anna', node: 1, seen: clock.wallNow() });
    await sleep(1_000);
    service.signal('SIGCONT');
    await written;
    expect(await node.homesOf([SOCKET])).toEqual([1]);
    node.close();
  });

  it('is not waited for when it has gone before', async () => {
    const node = presence();
    service.signal('SIGSTOP');
    const written = node.add({ socket: SOCKET, user: 'anna', node: 1, seen: clock.wallNow() });
    node.remove(SOCKET);
    await written;
    service.signal('SIGCONT');
    await eventually(5_000, async () => expect(await node.homesOf([SOCKET])).toEqual([-1]));
    node.close();
  });
});

describe('presence of a socket that moved', () => {
  let redis: RedisFixture;
  let client: RedisClient;
  beforeAll(async () => {
    redis = await RedisFixture.start();
  });
  beforeEach(async () => {
    await redis.reset();
    client = await redis.client();
  });
  afterAll(() => redis.close());

  const nodeNumbered = (number: number) =>
    new RedisPresence({
      client,
      clock,
      log: new SilentLog(),
      self: { number, epoch: 1 },
      directory: { gateways: () => [1, 2], isLive: () => true, settled: () => null },
      cacheFor: 0,
    });
  const mapping = () => client.run((one) => one.hgetall(clientKey(SOCKET)));

  it('is written by its new home alone, while what is for its user still comes to the old one, too', async () => {
    const [old, young] = [nodeNumbered(1), nodeNumbered(2)];
    old.add({ socket: SOCKET, user: 'anna', node: 1, seen: clock.wallNow() });
    young.arrive({ socket: SOCKET, user: 'anna', node: 2, seen: clock.wallNow() }, ['room']);
    expect(await old.cede(SOCKET, { number: 2, epoch: 1 })).toBe(true);
    old.join(SOCKET, ['another']);
    await old.touch([SOCKET], clock.wallNow());
    expect(await mapping()).toMatchObject({ node: '2', guid: '["room"]' });
    expect(await client.run((one) => one.smembers(clientsOfNode({ number: 1, epoch: 1 })))).toEqual([]);
    expect([...(await old.nodesOf(['anna'], []))].sort()).toEqual([1, 2]);
    old.depart(SOCKET);
    expect(await old.nodesOf(['anna'], [])).toEqual([2]);
    expect(await mapping()).toMatchObject({ node: '2' });
  });

  it('is written by its old home for a new one that cannot, and found there by whoever buries that', async () => {
    const old = nodeNumbered(1);
    const host = { number: 2, epoch: 1 };
    old.add({ socket: SOCKET, user: 'anna', node: 1, seen: clock.wallNow() });
    expect(await old.cede(SOCKET, host)).toBe(true);
    const burial = new RedisBurial(client);
    expect(await burial.lost({ number: 1, epoch: 1 }, 10)).toEqual([]);
    expect(await burial.lost(host, 10)).toMatchObject([{ id: SOCKET, user: 'anna' }]);
  });

  it("is nobody else's business when the new home was buried before that, and is gone", async () => {
    const old = nodeNumbered(1);
    const host = { number: 2, epoch: 1 };
    old.add({ socket: SOCKET, user: 'anna', node: 1, seen: clock.wallNow() });
    await new RedisBurial(client).fence(host);
    expect(await old.cede(SOCKET, host)).toBe(false);
    expect(await mapping()).toEqual({});
    expect(await new RedisBurial(client).lost(host, 10)).toEqual([]);
  });
});
