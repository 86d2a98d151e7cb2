import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisAbsentees } from '../../src/adapters/redis/absentees.ts';
import { RedisPresence } from '../../src/adapters/redis/presence.ts';
import type { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import { NOBODY, type Target } from '../../src/runtime/delivery/target.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { clock, RedisFixture } from './redis-fixture.ts';

describe.each([
  ['one Redis', () => RedisFixture.start()],
  ['a Redis Cluster', () => RedisFixture.startCluster()],
])('sockets of nodes that do not answer, on %s', (_what, start) => {
  let redis: RedisFixture;
  let client: RedisClient;
  beforeAll(async () => {
    redis = await start();
  }, 60_000);
  afterAll(() => redis?.close());

  const get = (number: number) => ({ number, epoch: 1 });
  const add = (id: string, node: number, user: string, rooms: string[]) => {
    const presence = new RedisPresence({
      client,
      clock,
      log: new SilentLog(),
      self: { number: node, epoch: 1 },
      directory: { gateways: () => [1, 2], isLive: () => true, settled: () => null },
      cacheFor: 0,
    });
    presence.add({ socket: id, user, node, seen: clock.wallNow() });
    presence.join(id, rooms);
  };
  const found = async (nodes: number[], to: Partial<Target>) => {
    const absentees = await new RedisAbsentees(client, { get }).of(nodes, { ...NOBODY, ...to });
    return absentees
      .map(({ node, socket }) => `${socket.id} of ${socket.user || 'nobody'} on ${node}`)
      .sort();
  };

  beforeEach(async () => {
    await redis.reset();
    client = await redis.client();
    add('101', 1, 'anna', ['r']);
    add('201', 2, 'anna', ['r', 's']);
    add('202', 2, 'bert', ['s']);
    add('203', 2, '', []);
  });

  it.each([
    ['a room', { rooms: ['r'] }, ['201 of anna on 2']],
    ['several rooms, each once', { rooms: ['r', 's'] }, ['201 of anna on 2', '202 of bert on 2']],
    ['a user', { users: ['bert', 'nobody'] }, ['202 of bert on 2']],
    ['their ids', { sockets: ['203', '101', '999'] }, ['203 of nobody on 2']],
    ['rooms called like them', { rooms: ['203'] }, ['203 of nobody on 2']],
    ['everyone', { everyone: true }, ['201 of anna on 2', '202 of bert on 2', '203 of nobody on 2']],
  ])('are found by %s', async (_name, to, sockets) => {
    expect(await found([2], to)).toEqual(sockets);
  });

  it('are found on each of several nodes, and nowhere else', async () => {
    expect(await found([1, 2], { rooms: ['r'] })).toEqual(['101 of anna on 1', '201 of anna on 2']);
    expect(await found([3], { rooms: ['r'], everyone: true })).toEqual([]);
  });
});
