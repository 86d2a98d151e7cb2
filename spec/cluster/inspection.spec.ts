import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Film } from '../../src/runtime/film/film.ts';
import type { Census } from '../../src/runtime/ports/census.ts';
import type { FoundConnection } from '../../src/runtime/ports/inspector.ts';
import type { NodeReport } from '../../src/runtime/ports/neighbours.ts';
import { type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { type EchoBackend, startEchoBackend } from '../support/echo-backend.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import type { Member } from './support/member.ts';
import { type Services, startRedisAndKafka, startRedisOnly } from './support/services.ts';

const TOKEN = 'token-of-operators';
const authorization = `Bearer ${TOKEN}`;
const ALLOWED = 120_000;
const PATIENCE = 60_000;
const TRANSPORTS = ['polling', 'websocket'];

/** Answers within `ms`, or fails. */
function ask(member: Member, path: string, init: RequestInit = {}, ms = 20_000): Promise<Response> {
  const headers = { authorization, 'content-type': 'application/json', ...init.headers };
  return fetch(`${member.adminUrl}${path}`, { ...init, headers, signal: AbortSignal.timeout(ms) });
}

async function get<Body>(member: Member, path: string): Promise<Body> {
  return (await (await ask(member, path)).json()) as Body;
}

async function nodesOf(member: Member): Promise<readonly NodeReport[]> {
  return (await get<{ nodes: NodeReport[] }>(member, '/inspect/nodes')).nodes;
}

async function numberOf(member: Member): Promise<number> {
  return (await get<{ number: number }>(member, '/inspect/node')).number;
}

function post(member: Member, path: string, body: object): Promise<Response> {
  return ask(member, path, { method: 'POST', body: JSON.stringify(body) });
}

/** Resolves when it is so; one look at a time. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a cluster looked at from any of its nodes', { timeout: ALLOWED }, () => {
  let services: Services;
  let cluster: Cluster;
  const sockets: ClientSocket[] = [];

  beforeAll(async () => {
    services = await startRedisOnly();
    cluster = await startCluster({
      gateways: 2,
      apis: 1,
      services: services.settings,
      settings: {
        'auth.mode': 'backend',
        'admin.token': TOKEN,
        // Whoever stands still for a test is not given up for dead.
        'cluster.leaseTtl': '30s',
      },
    });
  });

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await cluster?.close();
    await services?.close();
  });

  async function come(member: Member, user: string): Promise<ClientSocket> {
    const socket = LIBRARIES[0]!.open(member.url, { user, transports: ['websocket'] });
    sockets.push(socket);
    await next(socket, 'connect', 30_000);
    return socket;
  }

  it('is the same whichever is asked: leases, versions, connections, load and delays', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    await come(one, 'ada');
    await come(two, 'grace');
    await come(two, 'grace');
    const numbers = await Promise.all([one, two, api].map(numberOf));
    for (const member of [one, two, api]) {
      let nodes: readonly NodeReport[] = [];
      await until('all are known and measured', async () => {
        nodes = await nodesOf(member);
        const isWell = ({ eventLoopDelay, state }: NodeReport) =>
          eventLoopDelay !== null && state === 'ready';
        return nodes.length === 3 && nodes.every(isWell);
      });
      expect(nodes.map(({ number }) => number)).toEqual(numbers.toSorted((a, b) => a - b));
      const own = await numberOf(member);
      const at = (number: number) => nodes.find((node) => node.number === number)!;
      for (const [i, expected] of [
        { role: 'gateway', connections: 1 },
        { role: 'gateway', connections: 2 },
        { role: 'api', connections: 0 },
      ].entries()) {
        const node = at(numbers[i]!);
        expect(node).toMatchObject({ ...expected, reachable: true, self: node.number === own });
        expect(node.state).toBe('ready');
        expect(node.kafkaLag).toBeNull();
        expect(node.version).toMatch(/^\d+\.\d+\.\d+/);
        expect(node.leaseUntil).toBeGreaterThan(Date.now());
        expect(node.load!.memory).toBeGreaterThan(10_000_000);
        expect(node.load!.cpu).toBeGreaterThanOrEqual(0);
        expect(node.eventLoopDelay!.p99).toBeGreaterThanOrEqual(node.eventLoopDelay!.p50);
      }
    }
  });

  it('shows the counts, connections and films of another node, by number and by name, as that node has them', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    const number = await numberOf(two);
    const name = (await nodesOf(one)).find((node) => node.number === number)!.name;
    for (const node of [String(number), name]) {
      const census = await get<Census>(api, `/inspect/census?node=${encodeURIComponent(node)}`);
      expect(census).toMatchObject({ node: String(number), total: 2 });
      // Not a filter there: what is counted is the whole node, with its rates.
      expect(census.machines.connection.arrows).not.toBeNull();
    }
    const own = await get<Census>(two, `/inspect/census?node=${number}`);
    expect(own.machines.connection.arrows).not.toBeNull();
    const { connections } = await get<{ connections: FoundConnection[] }>(
      one,
      `/inspect/connections?node=${number}&user=grace&limit=1`,
    );
    const [{ id }] = connections as [FoundConnection];
    expect(await get(one, `/inspect/connections/${id}?node=${number}`)).toMatchObject({ id });
    expect((await ask(one, `/inspect/connections/${id}`)).status).toBe(404);

    const watched = await ask(one, `/inspect/connections/${id}/watch?node=${number}`, { method: 'PUT' });
    expect(watched.status).toBe(200);
    const film = await ask(one, `/inspect/connections/${id}/film?node=${number}`);
    expect(film.headers.get('content-disposition')).toContain(`holdfast-${id}.film.json`);
    expect(((await film.json()) as Film).subject.id).toBe(id);
    const says = (member: Member) =>
      member.output.split('\n').filter((line) => line.includes('an operator watches a connection'));
    expect(says(one)).toEqual([]);
    expect(says(two)[0]).toMatch(new RegExp(`${id}.*127\\.0\\.0\\.1 by node ${await numberOf(one)}`));
  });

  it('finds somebody wherever they are', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    const numbers = await Promise.all([one, two].map(numberOf));
    for (const member of [one, two, api]) {
      const everywhere = '/inspect/connections?node=*&sort=oldest';
      const all = await get<{ connections: (FoundConnection & { node: number })[]; unreachable: number[] }>(
        member,
        everywhere,
      );
      expect(all.unreachable).toEqual([]);
      expect(all.connections.map(({ user, node }) => [user, node])).toEqual([
        ['ada', numbers[0]],
        ['grace', numbers[1]],
        ['grace', numbers[1]],
      ]);
      const one = await get<{ connections: object[] }>(member, `${everywhere}&q=grace&limit=1`);
      expect(one.connections).toMatchObject([{ user: 'grace', node: numbers[1] }]);
    }
    expect((await ask(one, '/inspect/census?node=*')).status).toBe(404);
  });

  it('streams the census of another node, and stops asking it when the reader goes', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const number = await numberOf(two);
    const gone = new AbortController();
    const stream = await fetch(`${one.adminUrl}/inspect/census/stream?node=${number}`, {
      headers: { authorization },
      signal: gone.signal,
    });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.split('event: census').length > 3) break;
    }
    gone.abort();
    expect(text).toContain(`"node":"${number}"`);
    // So many streams as may be open at once, all but one of them through the other node: none was left behind.
    const open = await Promise.all(
      Array.from({ length: 32 }, async (_, i) => {
        const abort = new AbortController();
        await until('there is room for a stream', async () => {
          const answer = await fetch(
            `${(i === 0 ? two : one).adminUrl}/inspect/census/stream?node=${number}`,
            {
              headers: { authorization },
              signal: abort.signal,
            },
          );
          if (answer.status !== 200) await answer.body?.cancel();
          return answer.status === 200;
        });
        return abort;
      }),
    );
    for (const abort of open) abort.abort();
  });

  it('wants the operator’s token for everything, and has nobody come in where nodes ask each other', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const number = await numberOf(two);
    for (const path of ['/inspect/nodes', `/inspect/census?node=${number}`]) {
      expect((await fetch(`${one.adminUrl}${path}`)).status).toBe(401);
    }
    expect((await ask(one, '/inspect/census?node=999')).status).toBe(404);
    expect((await ask(one, `/inspect/census?node=${number}&node=1`)).status).toBe(400);
    const refused = await ask(one, `/inspect/census?node=${number}&transport=pigeon`);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: 'invalid_argument' });

    const redis = new Redis(services.redis.url);
    const records = Object.values(await redis.hgetall('holdfast:{nodes}:records')).map((text) =>
      JSON.parse(text),
    );
    redis.disconnect();
    const door = `http://${records.find((record) => record.number === number).inspectAddress}`;
    for (const given of ['', authorization]) {
      const headers = { authorization: given };
      expect((await fetch(`${door}/inspect/node`, { headers })).status).toBe(401);
    }
  });

  it('shows a node that stands still as not answering, and stays quick and fresh for all others', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    const number = await numberOf(two);
    const at = (nodes: readonly NodeReport[]) => nodes.find((node) => node.number === number)!;
    await until('it answers', async () => at(await nodesOf(one)).reachable);
    two.signal('SIGSTOP');
    try {
      for (const member of [one, api]) {
        await until('it is shown as silent', async () => !at(await nodesOf(member)).reachable);
      }
      const silent = at(await nodesOf(one));
      expect(silent).toMatchObject({ state: null, load: null, eventLoopDelay: null, role: 'gateway' });
      expect(silent.answeredAt).toBeLessThan(Date.now());

      await come(one, 'edsger');
      await until('news of the others come through', async () => {
        const nodes = await nodesOf(api);
        return nodes.some(({ role, connections }) => role === 'gateway' && connections === 2);
      });
      // One question at a time to a node that is silent: a second of waiting at the very most, not one for each look.
      const began = performance.now();
      for (let look = 0; look < 8; look++) await nodesOf(api);
      expect(performance.now() - began).toBeLessThan(8000);

      const census = await ask(api, `/inspect/census?node=${number}`);
      expect(census.status).toBe(503);
      expect(await census.json()).toEqual({
        code: 'unavailable',
        message: `node ${number} does not answer`,
      });
      const found = await get<object>(one, '/inspect/connections?node=*&q=edsger');
      expect(found).toMatchObject({ connections: [{ user: 'edsger' }], unreachable: [number] });
      const closed = await post(one, '/inspect/users/grace/close', { reason: 'forced server close' });
      expect(await closed.json()).toEqual({ closed: 0, unreachable: [number] });
    } finally {
      two.signal('SIGCONT');
    }
    await until('it is back', async () => at(await nodesOf(api)).reachable);
  });

  it('closes the connections of a user on every node, whichever is told, and each says who it was', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    const clients = [await come(one, 'radia'), await come(two, 'radia'), await come(two, 'radia')];
    const other = await come(two, 'tony');
    const farewells = Promise.all(clients.map((client) => next(client, 'disconnect', 30_000)));
    const answer = await post(api, '/inspect/users/radia/close', { reason: 'forced server close' });
    expect(await answer.json()).toEqual({ closed: 3, unreachable: [] });
    await farewells;
    for (const client of clients) client.disconnect();
    expect(other.connected).toBe(true);
    const apiNumber = await numberOf(api);
    for (const [member, ids] of [
      [one, 1],
      [two, 2],
    ] as const) {
      await until('it is said', async () => member.output.includes('"user":"radia"'));
      const line = member.output.split('\n').find((text) => text.includes('"user":"radia"'))!;
      const said = JSON.parse(line) as { from: string; reason: string; connections: string[] };
      expect(said).toMatchObject({
        reason: 'forced server close',
        from: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1 by node ${apiNumber}$`)),
      });
      expect(said.connections).toHaveLength(ids);
    }
    // Nobody is left of whoever is asked about one node only.
    const number = await numberOf(one);
    const again = await come(one, 'radia');
    const elsewhere = await post(api, `/inspect/users/radia/close?node=${await numberOf(two)}`, {
      reason: 'token expired',
    });
    expect(await elsewhere.json()).toEqual({ closed: 0, unreachable: [] });
    expect(again.connected).toBe(true);
    const here = await post(api, `/inspect/users/radia/close?node=${number}`, { reason: 'token expired' });
    expect(await here.json()).toEqual({ closed: 1, unreachable: [] });
  });

  it('changes the log level of another node', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const number = await numberOf(two);
    const change = await ask(one, `/log/level?node=${number}`, { method: 'PUT', body: '{"level":"debug"}' });
    expect(await change.json()).toEqual({ level: 'debug' });
    expect(await get(two, '/log/level')).toEqual({ level: 'debug' });
    expect(await get(one, '/log/level')).toEqual({ level: 'info' });
    await until('it is said', async () => two.output.includes('an operator changes the log level'));
  });
});

describe('a node of a cluster, told by way of another', { timeout: ALLOWED }, () => {
  let services: Services;
  let cluster: Cluster;
  const sockets: ClientSocket[] = [];

  beforeAll(async () => {
    services = await startRedisOnly();
    const settings = { 'auth.mode': 'backend', 'admin.token': TOKEN, 'drain.rate': '1000' };
    cluster = await startCluster({ gateways: 2, apis: 1, services: services.settings, settings });
  });

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await cluster?.close();
    await services?.close();
  });

  it('drains: its clients come back elsewhere, it ends, and is gone from the list', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    const number = await numberOf(two);
    // Each on one transport: a client whose upgrade is cut short by a drain may wait for its ping timeout.
    const clients = TRANSPORTS.flatMap((transport) =>
      [...LIBRARIES, ...LIBRARIES].map((library) =>
        library.open(cluster.balancers.http, {
          user: `barbara by ${transport}`,
          reconnection: true,
          transports: [transport],
        }),
      ),
    );
    sockets.push(...clients);
    await until('all are in', async () => clients.every(({ connected }) => connected));
    const there = async (node: number) =>
      (await get<{ connections: FoundConnection[] }>(api, `/inspect/connections?node=${node}&q=barbara`))
        .connections.length;
    expect(await there(number)).toBeGreaterThan(0);
    const drained = await post(api, `/inspect/drain?node=${number}`, {});
    expect(drained.status).toBe(202);
    expect(await two.exited).toBe(0);
    const line = two.output.split('\n').find((text) => text.includes('an operator drains this node'))!;
    expect(line).toContain(`127.0.0.1 by node ${await numberOf(api)}`);
    await until('it is gone', async () => (await nodesOf(one)).every((node) => node.number !== number));
    const other = await numberOf(one);
    await until('all are back', async () => (await there(other)) === clients.length);
    await until('all know it', async () => clients.every(({ connected }) => connected));
  });
});

describe('a cluster over Kafka', { timeout: ALLOWED }, () => {
  const MESSAGES = 50;
  let services: Services;
  let backend: EchoBackend;
  let release: () => void = () => {};
  let cluster: Cluster;

  beforeAll(async () => {
    services = await startRedisAndKafka();
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    backend = await startEchoBackend({ before: (method) => (method === 'OnMessage' ? released : null) });
    const settings = { 'backend.timeout': '60s', 'admin.token': TOKEN };
    cluster = await startCluster({ gateways: 1, apis: 1, services: services.settings, settings, backend });
  }, 180_000);

  afterAll(async () => {
    release();
    await cluster?.close();
    await services?.close();
  });

  it('shows how many records wait at each API node, and nothing of the kind at gateways', async () => {
    const [gateway] = cluster.gateways as [Member];
    const [api] = cluster.apis as [Member];
    const lagOf = async (role: string, seenBy: Member) =>
      (await nodesOf(seenBy)).find((node) => node.role === role)!.kafkaLag;
    expect(await lagOf('gateway', api)).toBeNull();
    const client = LIBRARIES[0]!.open(gateway.url, { user: 'ada', transports: ['websocket'] });
    await next(client, 'connect', 30_000);
    for (let i = 0; i < MESSAGES; i++) client.emit('message', i);
    for (const member of [gateway, api]) {
      await until('all of them wait', async () => (await lagOf('api', member))! >= MESSAGES);
    }
    release();
    await until('none waits any more', async () => (await lagOf('api', gateway)) === 0);
    client.disconnect();
  });
});
