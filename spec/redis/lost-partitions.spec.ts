import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RedisClient } from '../../src/adapters/redis/redis-client.ts';
import { CONSUMERS_KEY, ownerKey, partitionOf } from '../../src/adapters/redis/streams/partitions.ts';
import { StreamUpstreamLog } from '../../src/adapters/redis/streams/upstream-log.ts';
import type { Standing } from '../../src/runtime/ports/upstream-log.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { message } from '../contracts/upstream-log-contract.ts';
import { clock, RedisFixture } from './redis-fixture.ts';

/** Longer than a consumer takes to find out. */
const PATIENCE = 10_000;

describe('a partition of the log whose lock is gone', () => {
  let redis: RedisFixture;
  let client: RedisClient;
  let log: StreamUpstreamLog;
  /** What was handed out, and whose that is. */
  let inHand: {
    readonly messageId: string;
    readonly standing: () => Standing;
    readonly settle: () => void;
  }[];

  beforeAll(async () => {
    redis = await RedisFixture.start();
  });
  afterAll(() => redis?.close());
  beforeEach(async () => {
    await redis.reset();
    client = await redis.client();
    inHand = [];
    log = new StreamUpstreamLog({
      self: { number: 1, epoch: 1 },
      client: await redis.client(),
      clock,
      log: new SilentLog(),
      maxRecords: 100,
      maxBytes: 1_000_000,
      left: () => {},
      refused: () => {},
    });
    log.consume(({ messageId }, settle, standing) => inHand.push({ messageId, standing, settle }));
  });

  const owner = () => client.run((one) => one.get(ownerKey(partitionOf('1'))));

  async function handOut(count: number): Promise<void> {
    for (let number = 0; number < count; number++) log.append(message('1', number));
    await eventually(PATIENCE, () => expect(inHand).toHaveLength(count));
    expect(inHand.map(({ standing }) => standing())).toEqual(inHand.map(() => 'ours'));
  }

  it('is taken back when another has it, and is handed out again from its start when that one has gone', async () => {
    await handOut(3);
    const [first, ...others] = inHand;
    await client.run(async (one) => {
      await one.zadd(CONSUMERS_KEY, Date.now() + 60_000, 'another');
      await one.set(ownerKey(partitionOf('1')), 'another');
    });
    await eventually(PATIENCE, () => expect(first!.standing()).toBe('taken back'));
    expect(others.map(({ standing }) => standing())).toEqual(['taken back', 'taken back']);
    // It was begun before; that it is done is for its new owner to say.
    first!.settle();
    inHand = [];
    await client.run(async (one) => {
      await one.zrem(CONSUMERS_KEY, 'another');
      await one.del(ownerKey(partitionOf('1')));
    });
    await eventually(PATIENCE, () => expect(inHand).toHaveLength(3));
    expect(inHand.map(({ messageId }) => messageId)).toEqual(
      [0, 1, 2].map((number) => message('1', number).messageId),
    );
    expect(inHand.map(({ standing }) => standing())).toEqual(['ours', 'ours', 'ours']);
    expect(others[0]!.standing()).toBe('taken back');
    await log.close();
  });

  it('stays where it is when nobody has it: what is in hand there may be all that is left', async () => {
    await handOut(3);
    await client.run((one) => one.flushdb());
    const [first] = inHand;
    await eventually(PATIENCE, async () => expect(await owner()).not.toBe(null));
    // Another one comes, whose turn it would be.
    await client.run((one) => one.zadd(CONSUMERS_KEY, Date.now() + 60_000, '0', Date.now() + 60_000, '1'));
    const owners = new Set<string | null>();
    for (let round = 0; round < 25; round++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      owners.add(await owner());
    }
    expect(first!.standing()).toBe('ours');
    expect(owners.size).toBe(1);
    expect(inHand).toHaveLength(3);
    for (const { settle } of inHand) settle();
    // Nothing of it is in hand any more.
    await eventually(PATIENCE, async () => expect(await owner()).not.toBe([...owners][0]));
    await log.close();
  });
});
