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
    expect(await store.renew(lease, 1, { connections: 3 }, 5_000)).toBe('renewed');
    expect(await store.nodes()).toMatchObject([{ number, epoch, name: 'a', load: { connections: 3 } }]);
    await store.release(lease);
    expect(await store.nodes()).toEqual([]);
  });

  it('is forgotten by a Redis that has lost what it knew, also when others have joined since', async () => {
    const [a, b] = [await granted('a'), await granted('b')];
    const renewed = ({ number, epoch }: Granted, owner: string) =>
      store.renew({ number, epoch, owner }, 1, {}, 5_000);
    await forgetEverything();
    expect(await renewed(a, 'process of a')).toBe('forgotten');
    await granted('newcomer');
    expect(await renewed(a, 'process of a')).toBe('forgotten');
    // Its number is another's: that it is forgotten is true all the same.
    const again = await granted('b', a.number);
    expect(await renewed(b, 'process of b')).toBe('forgotten');
    expect(await renewed(again, 'process of b')).toBe('renewed');
  });

  it('is forgotten by a Redis that had not heard of it when it took over from another', async () => {
    const { epoch } = await granted('a');
    const late = await granted('late');
    await client.run((one) =>
      Promise.all([
        one.hset('holdfast:{nodes}:counter', 'epoch', epoch),
        one.hdel('holdfast:{nodes}:records', `${late.number}:${late.epoch}`),
      ]),
    );
    expect(await store.renew({ ...late, owner: 'process of late' }, 1, {}, 5_000)).toBe('forgotten');
  });

  it('is lost, not forgotten, when it was buried, is being buried, or is taken over', async () => {
    const short = {
      name: 's',
      owner: 'o',
      wanted: 9,
      previous: null,
      role: 'gateway',
      version: '1',
      address: '',
      inspectAddress: '',
    };
    const lease = (await store.acquire({ ...short, role: 'gateway', ttl: 1 })) as Granted;
    const holding = { number: 9, epoch: lease.epoch, owner: 'o' };
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await store.claimBurial(lease, 'undertaker', 5_000)).toBe(true);
    expect(await store.renew(holding, 1, {}, 5_000)).toBe('lost');
    await store.buried(lease);
    expect(await store.renew(holding, 1, {}, 5_000)).toBe('lost');
    const next = (await store.acquire({ ...short, role: 'gateway', owner: 'p', ttl: 5_000 })) as Granted;
    expect(next.number).toBe(9);
    expect(await store.renew(holding, 1, {}, 5_000)).toBe('lost');
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
