import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultFixture, LEASE } from './support/fault-fixture.ts';
import { push } from './support/push.ts';
import { startRedisAndKafka } from './support/services.ts';
import { until } from './support/until.ts';
import type { Session } from './support/workload/session.ts';

describe('faults of Kafka', { timeout: 90_000 }, () => {
  let fixture: FaultFixture;
  beforeAll(async () => {
    fixture = await FaultFixture.start(startRedisAndKafka);
  });
  afterAll(() => fixture?.close());
  afterEach(() => fixture.heal());

  /** Something said before the fault and answered: everything is warm. */
  async function warm(gateways: readonly number[]): Promise<Session[]> {
    const sessions = await Promise.all(gateways.map((gateway) => fixture.open(gateway)));
    for (const session of sessions) session.say();
    await until(() => sessions.every((session) => session.waiting === 0));
    return sessions;
  }

  it('Kafka down: what clients say waits and is acknowledged by nobody; it arrives when Kafka is back', async () => {
    const { services } = fixture;
    const sessions = await warm([0, 1]);
    await services.kafka!.kill();
    for (let i = 0; i < 20; i++) for (const session of sessions) session.say();
    await sleep(3_000);
    for (const session of sessions) {
      expect(session.waiting).toBe(20);
      expect(session.isOpen).toBe(true);
    }
    await services.kafka!.run();
    await until(() => sessions.every((session) => session.waiting === 0), 40_000);
    expect(sessions.every((session) => session.isOpen)).toBe(true);
    expect(await fixture.judge('at least once')).toBe('no violation');
  });

  it('Kafka down: a push is refused, or arrives when it was accepted', async () => {
    const { services, cluster, history } = fixture;
    const [session] = await warm([0]);
    await services.kafka!.kill();
    const push1 = async (n: number) => {
      const id = `push ${n} while Kafka is away`;
      history.sent(id, id, [session!.name]);
      const request = { to: { users: [session!.name] }, event: 'pushed', args: [id] };
      try {
        await push(cluster.apis[n % 2]!.url, 'Emit', request, 40_000);
        history.accepted(id);
      } catch {
        history.refused(id);
      }
    };
    const pushes = Promise.all([0, 1, 2, 3].map(push1));
    await sleep(2_000);
    await services.kafka!.run();
    await pushes;
    await until(
      () =>
        fixture.push(session!, `again at ${performance.now()}`).then(
          () => true,
          () => false,
        ),
      30_000,
    );
    expect(await fixture.judge('at least once')).toBe('no violation');
  });

  it('Redis down while Kafka works: sockets stay, and messages go on being answered within the lease', async () => {
    const { services } = fixture;
    const sessions = await warm([0, 1]);
    await services.redis.kill();
    for (const session of sessions) session.say();
    await until(() => sessions.every((session) => session.waiting === 0), LEASE);
    await services.redis.run();
    await fixture.heal();
    for (const session of sessions) await fixture.push(session, `after the outage to ${session.name}`);
    expect(sessions.every((session) => session.isOpen)).toBe(true);
    expect(await fixture.judge('at least once')).toBe('no violation');
  });

  it('rebalances while an API goes and comes back: nothing is lost, and what is repeated bears the same id', async () => {
    const { cluster } = fixture;
    const sessions = await warm([0, 0, 1, 1]);
    let isTalking = true;
    const talk = async () => {
      while (isTalking) {
        for (const session of sessions) session.say();
        await sleep(20);
      }
    };
    const talking = talk();
    await sleep(1_000);
    expect(await cluster.apis[1]!.stop()).toBe(0);
    await cluster.apis[1]!.start();
    await sleep(1_000);
    await cluster.apis[0]!.kill();
    await cluster.apis[0]!.start();
    await sleep(1_000);
    isTalking = false;
    await talking;
    expect(sessions.every((session) => session.isOpen)).toBe(true);
    await until(() => sessions.every((session) => session.waiting === 0), 30_000);
    expect(await fixture.judge('at least once')).toBe('no violation');
  });
});
