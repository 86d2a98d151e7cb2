import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultFixture, LEASE } from './support/fault-fixture.ts';
import { Member } from './support/member.ts';
import { push } from './support/push.ts';
import { startRedisOnly } from './support/services.ts';
import { until } from './support/until.ts';

/** What a client of the push API may wait for an error, ms: the deadline of a command, and its way. */
const FAST = 3_500;
/** How long Redis takes to answer when it is slow, ms: whoever waits for it is found out. */
const SLOW = 6_000;

describe('faults of Redis, of leases and of nodes', { timeout: 60_000 }, () => {
  let fixture: FaultFixture;
  beforeAll(async () => {
    fixture = await FaultFixture.start(startRedisOnly);
  });
  afterAll(() => fixture?.close());
  afterEach(() => fixture.heal());

  /** The error of a push, and how long it took. */
  async function failure(api: Member, request: object): Promise<{ code: string; ms: number }> {
    const start = performance.now();
    const code = await push(api.url, 'Emit', { event: 'x', ...request }).then(
      () => 'none',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
    return { code, ms: performance.now() - start };
  }

  it('Redis down: live sockets stay, new work fails fast and says so, and all goes on when it is back', async () => {
    const { cluster, services } = fixture;
    const sessions = await Promise.all([fixture.open(0), fixture.open(1), fixture.open(1, ['polling'])]);
    await services.redis.kill();
    await until(async () => (await cluster.gateways[0]!.readiness())?.ok === false);
    expect(JSON.stringify((await cluster.gateways[0]!.readiness())?.body)).toContain('not connected');
    for (const api of cluster.apis) {
      const { code, ms } = await failure(api, { to: { users: [sessions[0]!.name] } });
      expect(code).toBe('unavailable');
      expect(ms).toBeLessThan(FAST);
    }
    // Said while nobody can hear it: kept, and handed on later.
    for (const session of sessions) session.say();
    await sleep(2 * LEASE);
    expect(sessions.every((session) => session.isOpen)).toBe(true);
    await services.redis.run();
    await fixture.heal();
    for (const session of sessions) {
      session.say();
      await fixture.push(session, `after the outage to ${session.name}`);
    }
    expect(sessions.every((session) => session.isOpen)).toBe(true);
    expect(await fixture.judge('at least once')).toBe('no violation');
  });

  it('Redis killed and back within a second: work resumes in less than ten', async () => {
    const { services } = fixture;
    const session = await fixture.open(0);
    await services.redis.kill();
    await sleep(500);
    const start = performance.now();
    await services.redis.run();
    let tries = 0;
    await until(
      () =>
        fixture.push(session, `resumed ${tries++} ${session.name}`).then(
          () => true,
          () => false,
        ),
      10_000,
    );
    expect(performance.now() - start).toBeLessThan(10_000);
    session.say();
    expect(session.isOpen).toBe(true);
    expect(await fixture.judge('at least once')).toBe('no violation');
  });

  it('Redis has lost all it knew: sessions end, nodes join anew under their numbers, and serve whoever comes', async () => {
    const { cluster, services, backend } = fixture;
    const members = [...cluster.gateways, ...cluster.apis];
    const numberOf = async (member: Member) => {
      const readiness = await member.readiness();
      return (readiness?.body as { dependencies?: { lease?: object } } | undefined)?.dependencies?.lease;
    };
    const numbers = () => Promise.all(members.map(numberOf));
    const before = await numbers();
    const lost = await Promise.all([fixture.open(0), fixture.open(1), fixture.open(1, ['polling'])]);
    for (const lease of before) expect(lease).toMatchObject({ ok: true });
    const redis = new Redis(services.redis.url);
    await redis.flushall();
    redis.disconnect();
    // Nobody but their own nodes knows of them.
    await until(() => lost.every(({ name }) => backend.ends.get(name) === 'node lost'), 10_000);
    await until(() => lost.every(({ isOpen }) => !isOpen), 10_000);
    await sleep(LEASE);
    await fixture.heal();
    expect(await numbers()).toEqual(before);
    for (const gateway of cluster.gateways.keys()) {
      const session = await fixture.open(gateway);
      session.say();
      await fixture.push(session, `after the loss to ${session.name}`);
    }
    // The API nodes began anew at the same time, perhaps in the middle of a call.
    expect(await fixture.judge('ends as well')).toBe('no violation');
  });

  it('Redis slow: calls end at their deadline, and the event loop does not wait', async () => {
    const { cluster } = fixture;
    const session = await fixture.open(0);
    for (const name of ['api 1', 'api 2']) fixture.way(name).set({ kind: 'delay', ms: SLOW });
    const failures = await Promise.all(
      cluster.apis.map((api) => failure(api, { to: { users: [`stranger ${Math.random()}`] } })),
    );
    for (const { code, ms } of failures) {
      expect(['unavailable', 'deadline_exceeded']).toContain(code);
      expect(ms).toBeLessThan(SLOW);
    }
    for (const api of cluster.apis) {
      const start = performance.now();
      expect((await fetch(`${api.adminUrl}/healthz`)).status).toBe(200);
      expect(performance.now() - start).toBeLessThan(1_000);
    }
    await fixture.heal();
    session.say();
    // Slower than a lease lasts: what the APIs had in hand comes again.
    expect(await fixture.judge('at least once')).toBe('no violation');
  });

  it('a gateway cut off from Redis finds out, is fenced, and its sessions have one owner and one end', async () => {
    const { cluster, backend } = fixture;
    const [lost, kept] = await Promise.all([fixture.open(0), fixture.open(1)]);
    fixture.way('gateway 1').set({ kind: 'silence' });
    await until(async () => (await cluster.gateways[0]!.readiness())?.ok === false, 2 * LEASE + 4_000);
    // Nothing that it hears from now on may reach the backend under a number that may be another's.
    lost.say();
    await until(() => backend.ends.get(lost.name) === 'node lost', 10_000);
    expect(kept.isOpen).toBe(true);
    await fixture.heal();
    await until(() => !lost.isOpen, 10_000);
    const again = await fixture.open(0);
    for (const session of [again, kept]) {
      session.say();
      await fixture.push(session, `after the cut to ${session.name}`);
    }
    expect(await fixture.judge()).toBe('no violation');
  });

  it('a gateway stopped for less than its lease loses nobody', async () => {
    const { cluster } = fixture;
    const sessions = await Promise.all([fixture.open(0), fixture.open(0, ['polling']), fixture.open(1)]);
    cluster.gateways[0]!.signal('SIGSTOP');
    for (const session of sessions) session.say();
    await sleep(LEASE / 2);
    cluster.gateways[0]!.signal('SIGCONT');
    for (const session of sessions) session.say();
    expect(sessions.every((session) => session.isOpen)).toBe(true);
    expect(await fixture.judge()).toBe('no violation');
  });

  it('a gateway stopped for longer than its lease is given up once, and fenced when it goes on', async () => {
    const { cluster, backend } = fixture;
    const [lost, kept] = await Promise.all([fixture.open(0), fixture.open(1)]);
    cluster.gateways[0]!.signal('SIGSTOP');
    lost.say();
    await until(() => backend.ends.get(lost.name) === 'node lost', 3 * LEASE + 5_000);
    cluster.gateways[0]!.signal('SIGCONT');
    await until(() => !lost.isOpen, 10_000);
    await fixture.heal();
    const again = await fixture.open(0);
    for (const session of [again, kept]) {
      session.say();
      await fixture.push(session, `after the stop to ${session.name}`);
    }
    expect(kept.isOpen).toBe(true);
    expect(await fixture.judge()).toBe('no violation');
  });

  it('a second replica of one number is not ready until the first is gone', async () => {
    const settings = {
      ...fixture.services.settings,
      'backend.url': fixture.backend.url,
      'cluster.nodeId': '77',
      'cluster.leaseTtl': '2s',
      'engine.rehearsal': 'false',
      'log.format': 'json',
    };
    const [first, second] = [
      await Member.create('gateway', 'replica 1', settings),
      await Member.create('gateway', 'replica 2', settings),
    ];
    try {
      await first.start();
      second.spawn();
      await until(async () => (await second.readiness()) !== null);
      await sleep(3_000);
      const said = await second.readiness();
      expect(said?.ok).toBe(false);
      expect(JSON.stringify(said?.body)).toContain('held by');
      expect((await first.readiness())?.ok).toBe(true);
      await first.kill();
      await until(async () => (await second.readiness())?.ok === true, 15_000);
    } finally {
      await Promise.all([first.kill(), second.kill()]);
    }
  });

  it('SIGTERM: not ready, then a paced farewell, then exit 0; nothing accepted is lost', async () => {
    const { cluster, backend } = fixture;
    const sessions = await Promise.all([fixture.open(1), fixture.open(1, ['polling'])]);
    for (const session of sessions) session.say();
    expect(await cluster.gateways[1]!.stop()).toBe(0);
    await until(() => sessions.every(({ name }) => backend.ends.get(name) === 'server shutting down'));
    await cluster.gateways[1]!.start();
    expect(await fixture.judge()).toBe('no violation');
  });

  it('SIGTERM of an API hands its records over: each message is heard once', async () => {
    const { cluster } = fixture;
    const sessions = await Promise.all([0, 0, 1, 1].map((gateway) => fixture.open(gateway)));
    const talk = async () => {
      for (let i = 0; i < 100; i++) {
        for (const session of sessions) session.say();
        await sleep(20);
      }
    };
    const stop = async () => {
      await sleep(500);
      expect(await cluster.apis[0]!.stop()).toBe(0);
      await cluster.apis[0]!.start();
    };
    await Promise.all([talk(), stop()]);
    expect(await fixture.judge()).toBe('no violation');
  });

  it('performs a push once that is sent to both APIs with one dedupKey', async () => {
    const session = await fixture.open(0);
    for (let n = 0; n < 20; n++) {
      const id = `deduplicated ${n}`;
      fixture.history.sent(id, id, [session.name]);
      const request = { to: { users: [session.name] }, event: 'pushed', args: [id], dedupKey: id };
      await Promise.all(fixture.cluster.apis.map((api) => push(api.url, 'Emit', request)));
      fixture.history.accepted(id);
    }
    expect(await fixture.judge()).toBe('no violation');
  });
});
