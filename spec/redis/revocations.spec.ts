import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisEventChannel } from '../../src/adapters/redis/event-channel.ts';
import { RedisRevocationStore } from '../../src/adapters/redis/revocation-store.ts';
import { FOR_EVER } from '../../src/runtime/auth/revocation.ts';
import { RevokedTokens } from '../../src/runtime/auth/revoked-tokens.ts';
import { Revocations } from '../../src/runtime/cluster/revocations.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { clock, RedisFixture } from './redis-fixture.ts';

const KEY = 'holdfast:tokens:revoked';
const HOUR = 3_600_000;

/** One node: the list it knows, and the ids whose sessions it was told to end. */
async function nodeOn(redis: RedisFixture) {
  const client = await redis.client();
  const tokens = new RevokedTokens(clock);
  const sessions = new Set<string>();
  const ended: string[] = [];
  const events = new RedisEventChannel(client, clock, new SilentLog());
  const revocations = new Revocations({
    tokens,
    store: new RedisRevocationStore(client),
    events,
    endLogins: (isOver) => {
      const ending = [...sessions].filter(isOver);
      for (const id of ending) sessions.delete(id);
      ended.push(...ending);
      return ending.length;
    },
    clock,
    log: new SilentLog(),
  });
  await revocations.start();
  return { client, tokens, sessions, ended, revocations, events };
}

describe.each([
  ['one server', RedisFixture.start],
  ['a Cluster of three', RedisFixture.startCluster],
])('revoked tokens, on Redis as %s', (_, start) => {
  let redis: RedisFixture;
  const open: { revocations: Revocations; events: RedisEventChannel }[] = [];
  const node = async () => {
    const opened = await nodeOn(redis);
    open.push(opened);
    return opened;
  };
  beforeAll(async () => {
    redis = await start();
  }, 60_000);
  afterAll(() => redis.close());
  beforeEach(async () => {
    for (const { revocations, events } of open.splice(0)) {
      revocations.stop();
      events.close();
    }
    await redis.reset();
  }, 60_000);

  it('are heard of by every node at once, which ends their sessions and no others', async () => {
    const [one, other] = await Promise.all([node(), node()]);
    for (const { sessions } of [one, other]) for (const id of ['a', 'b']) sessions.add(id);
    // Until both have subscribed, which shows by an event that has come through.
    let n = 0;
    await eventually(30_000, async () => {
      const probe = `probe ${n++}`;
      other.sessions.add(probe);
      await one.revocations.revoke({ id: probe, until: clock.wallNow() + HOUR });
      await eventually(500, () => expect(other.ended).toContain(probe));
    });
    expect(await one.revocations.revoke({ id: 'a', until: clock.wallNow() + HOUR })).toBe(1);
    // Long before it would look at the list by itself.
    await eventually(2_000, () => expect(other.ended).toContain('a'));
    expect([one.tokens.has('a'), other.tokens.has('a'), other.tokens.has('b')]).toEqual([true, true, false]);
    expect([...one.sessions, ...other.sessions].filter((id) => id === 'b')).toHaveLength(2);
  }, 60_000);

  it('are known to a node that starts later, however many they are, and for ever if they never end', async () => {
    const one = await node();
    const until = clock.wallNow() + HOUR;
    const many = Array.from({ length: 2_500 }, (_, i) => ({ id: `token ${i}`, until }));
    await new RedisRevocationStore(one.client).remember(many);
    await one.revocations.revoke({ id: 'endless', until: FOR_EVER });
    const late = await node();
    expect(late.tokens.count()).toBe(2_501);
    expect(new Map(late.tokens.all().map((token) => [token.id, token.until])).get('endless')).toBe(FOR_EVER);
  }, 60_000);

  it('are found on the list though nobody was told of them', async () => {
    const one = await node();
    one.sessions.add('silent');
    await new RedisRevocationStore(one.client).remember([{ id: 'silent', until: clock.wallNow() + HOUR }]);
    await eventually(30_000, () => expect(one.ended).toEqual(['silent']));
  }, 60_000);

  it('are put on the list again by those who know when Redis has lost it', async () => {
    const one = await node();
    const until = clock.wallNow() + HOUR;
    await one.revocations.revoke({ id: 'lost', until });
    await one.client.run((client) => client.del(KEY));
    await eventually(30_000, async () => {
      expect(await one.client.run((client) => client.zscore(KEY, 'lost'))).toBe(String(until));
    });
  }, 60_000);

  it('stay on the list until the later of two ends, and are swept when they have ended', async () => {
    const one = await node();
    const now = clock.wallNow();
    const store = new RedisRevocationStore(one.client);
    await store.remember([
      { id: 'long', until: now + HOUR },
      { id: 'ended', until: now - 1_000 },
      { id: 'long ended', until: now - 10 * 60_000 },
    ]);
    await store.remember([{ id: 'long', until: now + 1_000 }]);
    expect(await store.all(now)).toEqual([{ id: 'long', until: now + HOUR }]);
    expect(await store.count(now)).toBe(1);
    // The clock of another node may be behind: what has just ended stays a while.
    await eventually(30_000, async () => {
      expect(await one.client.run((client) => client.zrange(KEY, '0', '-1'))).toEqual(['ended', 'long']);
    });
  }, 60_000);
});
