import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { type Cluster, startCluster } from '../cluster/support/cluster.ts';
import { Member } from '../cluster/support/member.ts';
import { type Services, startRedisAndKafka } from '../cluster/support/services.ts';
import { until } from '../cluster/support/until.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { type Alert, PrometheusService } from '../support/services/prometheus-service.ts';
import { firingAt, untilFiring } from './firing.ts';
import { LetterForger } from './letter-forger.ts';
import { MoodyBackend } from './moody-backend.ts';
import { alertRules, dashboards, expressions, hastenedRules, metricsIn } from './shipped.ts';

const NUMBER = '7';
const SETTINGS = {
  'auth.mode': 'backend',
  'cluster.leaseTtl': '5s',
  'engine.pingInterval': '1s',
  'engine.pingTimeout': '3s',
  'slowConsumer.maxBytes': '100KB',
  'backend.retry.deadline': '2s',
  'backend.breaker.failures': '100000',
};

describe('the alerts, on a cluster on Redis and Kafka with a real Prometheus', { timeout: 60_000 }, () => {
  let services: Services;
  let backend: MoodyBackend;
  let cluster: Cluster;
  let twin: Member;
  let prometheus: PrometheusService;
  const sockets: ClientSocket[] = [];

  beforeAll(async () => {
    services = await startRedisAndKafka();
    backend = await MoodyBackend.start();
    const settings = { ...SETTINGS, 'backend.url': backend.url };
    cluster = await startCluster({
      gateways: 2,
      apis: 1,
      services: services.settings,
      settings,
      settingsOf: (name): Record<string, string> =>
        name === 'gateway 1' ? { 'cluster.nodeId': NUMBER } : {},
    });
    // Not started yet: who is not there and never was is nobody's loss.
    twin = await Member.create('gateway', 'twin of gateway 1', {
      ...services.settings,
      ...settings,
      'cluster.nodeId': NUMBER,
      'engine.rehearsal': 'false',
    });
    const members = [...cluster.gateways, ...cluster.apis, twin];
    prometheus = await PrometheusService.start({
      targets: members.map(({ adminPort }) => `127.0.0.1:${adminPort}`),
      rules: hastenedRules(),
      every: '500ms',
    });
    for (const gateway of cluster.gateways) for (let i = 0; i < 4; i++) await connected(gateway);
  }, 90_000);

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await prometheus?.close();
    await twin?.kill();
    await cluster?.close();
    await backend?.close();
    await services?.close();
  });

  async function connected(gateway: Member): Promise<ClientSocket> {
    const user = `user ${sockets.length}`;
    const socket = LIBRARIES[0]!.open(gateway.url, { user, transports: ['websocket'] });
    sockets.push(socket);
    await next(socket, 'connect');
    return socket;
  }

  /** Back to normal for the next test, whatever became of this one. */
  afterEach(() => {
    backend.mood = 'answers';
  });

  const firing = () => firingAt(prometheus);
  const fires = (name: string, labels: Record<string, string> = {}, meanwhile?: () => unknown) =>
    untilFiring(prometheus, name, labels, meanwhile);
  const addressOf = (member: Member) => `127.0.0.1:${member.adminPort}`;

  it('keep quiet while all is well, and every metric that they and the dashboards use is there', async () => {
    for (const socket of sockets) await ask(socket, 'message', 'hello');
    await cluster.push('Emit', { to: { everyone: true }, event: 'news', args: [1] });
    const members = [...cluster.gateways, ...cluster.apis];
    const pages = await Promise.all(
      members.map(async ({ adminUrl }) => (await fetch(`${adminUrl}/metrics`)).text()),
    );
    const there = new Set(
      pages.flatMap((page) => [...page.matchAll(/^([a-z_]+)[{ ]/gm)].map(([, name]) => name)),
    );
    const asked = [
      ...[...dashboards().values()].flatMap(expressions),
      ...alertRules().map(({ expr }) => expr),
    ];
    const names = new Set(asked.flatMap(metricsIn));
    names.delete('up');
    expect(names.size).toBeGreaterThan(50);
    expect([...names].filter((name) => !there.has(name))).toEqual([]);
    await sleep(3_000);
    expect((await firing()).map(({ labels }) => labels)).toEqual([]);
  });

  it('count nodes, leases and consumers, and a session that moves to the gateway of its WebSocket', async () => {
    const [home, host] = cluster.gateways;
    expect(await home!.metric('holdfast_cluster_nodes', 'role="gateway"')).toBe(2);
    expect(await home!.metric('holdfast_lease_remaining_seconds')).toBeGreaterThan(0);
    expect(
      await cluster.apis[0]!.metric('holdfast_kafka_consumer_events_total', 'event="joined"'),
    ).toBeGreaterThan(0);
    const path = '/socket.io/?EIO=4&transport=';
    const opened = await (await fetch(`${home!.url}${path}polling`)).text();
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    const polling = `${home!.url}${path}polling&sid=${sid}`;
    await fetch(polling, { method: 'POST', body: '40{"user":"mover"}' });
    expect(await (await fetch(polling)).text()).toMatch(/^40/);
    const socket = await RawWebSocket.open(`${host!.url}${path}websocket&sid=${sid}`);
    socket.send(RawWebSocket.text('2probe'));
    expect((await socket.frame()).payload.toString()).toBe('3probe');
    socket.send(RawWebSocket.text('5'));
    const moved = async () =>
      (await home!.metric('holdfast_handovers_total', 'outcome="departed"')) === 1 &&
      (await host!.metric('holdfast_handovers_total', 'outcome="arrived"')) === 1;
    await until(moved);
    socket.destroy();
  });

  it('HoldfastClientsRefused: pages of another site knock', async () => {
    const [gateway] = cluster.gateways;
    const knock = () =>
      fetch(`${gateway!.url}/socket.io/?EIO=4&transport=polling`, {
        headers: { origin: 'http://evil.example' },
      });
    const { annotations } = await fires('HoldfastClientsRefused', { reason: 'origin' }, knock);
    expect(annotations.summary).toMatch(/^[\d.]+% of those who knock are refused: origin$/);
  });

  it('HoldfastLoginsFailing: the backend does not say who somebody is', async () => {
    backend.mood = 'refuses logins';
    const login = () => {
      sockets.push(LIBRARIES[0]!.open(cluster.gateways[0]!.url, { user: 'ann', transports: ['websocket'] }));
    };
    await fires('HoldfastLoginsFailing', {}, login);
  });

  it('HoldfastConnectionsBreaking: clients that answer no heartbeat', async () => {
    const url = `${cluster.gateways[1]!.url}/socket.io/?EIO=4&transport=websocket`;
    const silent = await Promise.all(Array.from({ length: 6 }, () => RawWebSocket.open(url)));
    await fires('HoldfastConnectionsBreaking');
    for (const one of silent) one.destroy();
  });

  it('HoldfastSlowConsumers: a client that does not read what it is sent', async () => {
    const url = `${cluster.gateways[1]!.url}/socket.io/?EIO=4&transport=websocket`;
    const slow = await RawWebSocket.open(url);
    slow.send(RawWebSocket.text('40{"user":"sloth"}'));
    await until(async () => (await cluster.push('CountSockets', { to: { users: ['sloth'] } })).sockets === 1);
    slow.socket.pause();
    const args = ['x'.repeat(500_000)];
    const push = () => cluster.push('Emit', { to: { users: ['sloth'] }, event: 'big', args });
    // All at once: it is not to be found out by the heartbeats that it does not answer either.
    await fires('HoldfastSlowConsumers', {}, () => Promise.all(Array.from({ length: 10 }, push)));
    slow.destroy();
  });

  it('HoldfastBackendFailing, HoldfastMessagesLost: the backend fails, and is tried in vain', async () => {
    backend.mood = 'fails';
    const socket = await connected(cluster.gateways[0]!);
    const say = () => void socket.emit('message', 'lost');
    const method = 'OnMessage';
    await fires('HoldfastBackendFailing', { method }, say);
    const { annotations } = await fires('HoldfastMessagesLost', { reason: 'backend deadline' }, say);
    expect(annotations.summary).toMatch(/messages lost: backend deadline$/);
  });

  it('HoldfastBacklogGrowing, HoldfastDeliverySlow: the backend answers nobody, then late', async () => {
    const talkers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => connected(cluster.gateways[i % 2]!)),
    );
    backend.mood = 'is silent';
    const say = () => {
      for (const talker of talkers) for (let i = 0; i < 4; i++) talker.emit('message', i);
    };
    await fires('HoldfastBacklogGrowing', {}, say);
    backend.mood = 'answers';
    await fires('HoldfastDeliverySlow', { stage: 'backend' });
  });

  it('HoldfastEventLoopSlow: a process that gets no CPU', async () => {
    const [gateway] = cluster.gateways;
    const instance = addressOf(gateway!);
    // A busy machine may have had the same effect before.
    const isLate = ({ labels }: Alert) =>
      labels.alertname === 'HoldfastEventLoopSlow' && labels.instance === instance;
    await until(async () => !(await firing()).some(isLate), 20_000);
    const starve = async () => {
      gateway!.signal('SIGSTOP');
      await sleep(350);
      gateway!.signal('SIGCONT');
      await sleep(100);
    };
    await fires('HoldfastEventLoopSlow', { instance }, starve);
  });

  it('HoldfastInternalErrors: a letter that makes no sense', async () => {
    const forger = await LetterForger.start(services.kafka!.brokers);
    try {
      const { annotations } = await fires('HoldfastInternalErrors', {}, () => forger.forge());
      expect(annotations.summary).toContain('by a mistake of its own');
    } finally {
      await forger.close();
    }
  });

  it('HoldfastNodeNotServing: two processes of one number', async () => {
    twin.spawn();
    await fires('HoldfastNodeNotServing', { instance: addressOf(twin) });
    await twin.kill();
  });

  it('HoldfastNodeDown, HoldfastSocketsLost: a gateway is killed', async () => {
    const [, gateway] = cluster.gateways;
    await connected(gateway!);
    await gateway!.kill();
    await fires('HoldfastNodeDown', { instance: addressOf(gateway!) });
    await fires('HoldfastSocketsLost');
  });

  it('HoldfastDependencyDown, HoldfastPushesFailing: Redis is killed', async () => {
    await services.redis.kill();
    const push = () =>
      cluster
        .push('Emit', { to: { users: [`stranger ${Math.random()}`] }, event: 'x', args: [] })
        .catch(() => {});
    await fires('HoldfastPushesFailing', { code: 'unavailable' }, push);
    await fires('HoldfastDependencyDown', { dependency: 'redis' });
    const [gateway] = cluster.gateways;
    const leases = (event: string) => gateway!.metric('holdfast_lease_events_total', `event="${event}"`);
    await until(async () => (await leases('suspended')) > 0);
    expect(await cluster.apis[0]!.metric('holdfast_redis_errors_total')).toBeGreaterThan(0);
    await services.redis.run();
    await until(async () => (await leases('resumed')) + (await leases('lost')) > 0);
    await until(async () => (await gateway!.readiness())?.ok === true, 15_000);
  });

  it('HoldfastDependencyDown: Kafka is killed, and what clients say waits', async () => {
    const [gateway] = cluster.gateways;
    const socket = await connected(gateway!);
    await services.kafka!.kill();
    socket.emit('message', 'waits');
    await fires('HoldfastDependencyDown', { dependency: 'kafka' });
    expect(await gateway!.metric('holdfast_upstream_queue_records')).toBeGreaterThan(0);
    await until(async () => (await gateway!.metric('holdfast_kafka_produce_errors_total')) > 0, 20_000);
  });
});
