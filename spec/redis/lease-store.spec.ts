import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisLeaseStore } from '../../src/adapters/redis/lease-store.ts';
import type { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import type { LeaseOutcome } from '../../src/runtime/ports/lease-store.ts';
import { RedisFixture } from './redis-fixture.ts';

let redis: RedisFixture;
let client: RedisClient;
let store: RedisLeaseStore;

beforeAll(async () => {
  redis = await RedisFixture.start();
});
afterAll(() => redis?.close());
beforeEach(async () => {
  await redis.reset();
  client = await redis.client();
  store = new RedisLeaseStore(client);
});

type Granted = Extract<LeaseOutcome, { kind: 'granted' }>;

async function granted(name: string, previous: number | null = null): Promise<Granted> {
  const outcome = await store.acquire({
    name,
    owner: `process of ${name}`,
    wanted: null,
    previous,
    role: 'gateway',
    version: '1',
    address: '',
    inspectAddress: '10.0.0.7:7001',
    ttl: 5_000,
  });
  if (outcome.kind !== 'granted') throw new Error(`held by ${outcome.by}`);
  return outcome;
}

const forgetEverything = () => client.run((one) => one.flushdb());

describe('a lease on a node number', () => {
  it('is another number for each name, and the same one again for the same name', async () => {
    const [a, b] = [await granted('a'), await granted('b')];
    expect(a.number).not.toBe(b.number);
    const again = await granted('a');
    expect(again.number).toBe(a.number);
    expect(again.epoch).toBeGreaterThan(a.epoch);
  });

  it('never has an epoch that was given out before, also by a Redis that has lost what it knew', async () => {
    const before = [await granted('a'), await granted('b'), await granted('c')].map(({ epoch }) => epoch);
    expect(new Set(before).size).toBe(3);
    await forgetEverything();
    const { epoch } = await granted('b');
    expect(epoch).toBeGreaterThan(Math.max(...before));
  });

  it('is renewed, shown and given back under such an epoch', async () => {
    const { number, epoch } = await granted('a');
    const lease = { number, epoch, owner: 'process of a' };
    expect(await store.renew(lease, 1, { connections: 3 }, 5_000)).toBe(true);
    expect(await store.nodes()).toMatchObject([{ number, epoch, name: 'a', load: { connections: 3 } }]);
    await store.release(lease);
    expect(await store.nodes()).toEqual([]);
  });

  it('is on the number a process had before when Redis has lost whose it was, unless somebody else has it', async () => {
    const [a, b] = [await granted('a'), await granted('b')];
    await forgetEverything();
    expect((await granted('b', b.number)).number).toBe(b.number);
    expect((await granted('a', a.number)).number).toBe(a.number);
    await forgetEverything();
    const newcomer = await granted('newcomer');
    const late = await granted('late', newcomer.number);
    expect(late.number).not.toBe(newcomer.number);
  });

  it('is on the number its name has rather than on the one a process had before', async () => {
    const a = await granted('a');
    expect((await granted('a', a.number + 5)).number).toBe(a.number);
  });
});
