import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisBurial } from '../../src/adapters/redis/burial.ts';
import { StreamUpstreamLog } from '../../src/adapters/redis/streams/upstream-log.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { pause } from '../contracts/contract.ts';
import { disconnect, message } from '../contracts/upstream-log-contract.ts';
import { clock, RedisFixture } from './redis-fixture.ts';

const DEAD = { number: 3, epoch: 7 };

describe.each([
  ['one server', RedisFixture.start],
  ['a Cluster of three', RedisFixture.startCluster],
])('the fence behind a node that was buried, on Redis as %s', (_, start) => {
  let redis: RedisFixture;
  beforeAll(async () => {
    redis = await start();
  });
  afterAll(() => redis.close());
  beforeEach(() => redis.reset());

  async function logOf(self: typeof DEAD): Promise<StreamUpstreamLog> {
    return new StreamUpstreamLog({
      self,
      client: await redis.client(),
      clock,
      log: new SilentLog(),
      maxRecords: 100,
      maxBytes: 1_000_000,
      left: () => {},
      refused: () => {},
    });
  }

  it('keeps out what the node had on its way, and lets its next life and other nodes write', async () => {
    const [dead, next, other] = await Promise.all([
      logOf(DEAD),
      logOf({ number: 3, epoch: 8 }),
      logOf({ number: 4, epoch: 7 }),
    ]);
    dead.append(message('1', 1));
    await dead.flush();
    await new RedisBurial(await redis.client()).fence(DEAD);
    dead.append(message('1', 2));
    dead.append(message('2', 3));
    next.append(message('3', 4));
    other.append(disconnect('1', 5));
    await Promise.all([next.flush(), other.flush()]);
    const late = expect(dead.flush()).rejects.toThrow('closed before Redis had taken');
    await dead.close();
    await late;

    const heard: string[] = [];
    const subscription = other.consume(({ messageId }, settle) => {
      heard.push(messageId);
      settle();
    });
    await pause(1_000);
    await subscription.stop(1_000);
    const written = [message('1', 1), disconnect('1', 5), message('3', 4)].map(({ messageId }) => messageId);
    expect([...heard].sort()).toEqual([...written].sort());
    expect(heard.indexOf(written[0]!)).toBeLessThan(heard.indexOf(written[1]!));
    await Promise.all([next.close(), other.close()]);
  });

  it('takes each record of a node once, also when its answer is lost on the way', async () => {
    const client = await redis.client();
    let losses = 3;
    const forgetful = new Proxy(client, {
      get: (target, name) =>
        name === 'run'
          ? async (work: Parameters<typeof client.run>[0]) => {
              const reply = await target.run(work);
              if (losses-- > 0) throw new Error('the answer is lost');
              return reply;
            }
          : Reflect.get(target, name),
    });
    const log = new StreamUpstreamLog({
      self: { number: 5, epoch: 1 },
      client: forgetful,
      clock,
      log: new SilentLog(),
      maxRecords: 100,
      maxBytes: 1_000_000,
      refused: () => {},
      left: () => {},
    });
    const records = Array.from({ length: 10 }, (_, number) => message(String(number % 3), number));
    for (const record of records.slice(0, 4)) log.append(record);
    await pause(50);
    for (const record of records.slice(4)) log.append(record);
    await log.flush();
    const heard: string[] = [];
    const subscription = (await logOf({ number: 6, epoch: 1 })).consume(({ messageId }, settle) => {
      heard.push(messageId);
      settle();
    });
    await pause(1_000);
    await subscription.stop(1_000);
    expect(heard.sort()).toEqual(records.map(({ messageId }) => messageId).sort());
  });
});
