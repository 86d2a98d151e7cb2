import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Census, MachineChart, StateChart } from '../../src/runtime/ports/census.ts';
import type { FoundConnection } from '../../src/runtime/ports/inspector.ts';
import type { Strange } from '../../src/runtime/ports/strange.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { SHORT_TIMES } from '../support/server-under-test.ts';
import { connectMain } from '../support/socketio-peer.ts';
import type { WebSocketPeer } from '../support/websocket-peer.ts';

const TOKEN = 'token-of-the-operators';
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

let node: RunningNode;
const peers: WebSocketPeer[] = [];
/** Public ids, in the order of `peers`. */
const ids: string[] = [];

beforeAll(async () => {
  node = await startNode({ 'admin.token': TOKEN, 'engine.pingTimeout': '20s' });
  for (let i = 0; i < 3; i++) peers.push(await connectMain(node.clientsUrl));
  await PollingPeer.open(node.clientsUrl, { path: '/engine.io/' });
  const { connections } = (await get<{ connections: FoundConnection[] }>('connections?transport=websocket'))
    .body;
  ids.push(...connections.map(({ id }) => id));
  await node.push('Join', { to: { sockets: [ids[0]] }, rooms: ['tides'] });
});
afterAll(() => node.close());

async function get<Body>(path: string): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${node.adminUrl}/inspect/${path}`, { headers: AUTHORIZED });
  return { status: response.status, body: (await response.json()) as Body };
}

/** What a stream sent until so many events had come, and how long that took (ms). */
async function follow(path: string, events: number): Promise<{ censuses: Census[]; took: number }> {
  const leaving = new AbortController();
  const began = performance.now();
  const response = await fetch(`${node.adminUrl}/inspect/${path}`, {
    headers: AUTHORIZED,
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    if (text.split('\n\n').length > events) break;
  }
  leaving.abort();
  const whole = text.split('\n\n').slice(0, events);
  expect(whole.every((event) => event.startsWith('event: census\ndata: '))).toBe(true);
  const censuses = whole.map((event) => JSON.parse(event.slice(event.indexOf('{'))) as Census);
  return { censuses, took: performance.now() - began };
}

describe('a running node', () => {
  it('shows the charts of its three machines, with the lengths of its own delays', async () => {
    const { machines } = (await get<{ machines: MachineChart[] }>('machines')).body;
    expect(machines.map(({ id }) => id)).toEqual(['connection', 'socket', 'node']);
    const find = (state: StateChart, path: string): StateChart | undefined =>
      state.path === path
        ? state
        : state.states.map((child) => find(child, path)).find((found) => found !== undefined);
    const limitOf = (machine: number, path: string) => find(machines[machine]!.root, path)!.limit;
    expect(limitOf(0, 'open.transport.probing')).toEqual([
      { delay: 'upgradeTimeout', ms: SHORT_TIMES.upgradeTimeout },
    ]);
    expect(limitOf(0, 'open.membership.alone')).toEqual([
      { delay: 'connectTimeout', ms: SHORT_TIMES.connectTimeout },
    ]);
    expect(limitOf(2, 'draining.closing')).toEqual([{ delay: 'drainTimeout', ms: 30_000 }]);
  });

  it('counts its clients, how long they have been where they are, and what they do', async () => {
    const { body } = await get<Census>('census');
    const { connection, socket, node: life } = body.machines;
    expect(body.total).toBe(4);
    expect(connection.states['open.transport.websocket']!.count).toBe(3);
    expect(connection.states['open.transport.polling']!.count).toBe(1);
    expect(socket.states['connected.unlimited']!.count).toBe(4);
    expect(life.states).toMatchObject({ ready: { count: 1 } });
    expect(connection.states['open.transport.websocket']!.p50).toBeGreaterThan(100);
    expect(connection.states['open.transport.websocket']!.p50).toBeLessThan(60_000);
    expect(Math.abs(body.time - Date.now())).toBeLessThan(5_000);
    // Three clients are pinged and answer; the fourth does not poll.
    const perSecond = connection.arrows!['open.heartbeat.calm|pingInterval@open.heartbeat.calm|1']!;
    expect(perSecond).toBeGreaterThan(1);
    // What was late on a busy machine comes together.
    expect(perSecond).toBeLessThanOrEqual((2 * 3 * 1000) / SHORT_TIMES.pingInterval);
  });

  it('counts those alone that a filter names', async () => {
    const total = async (query: string) => (await get<Census>(`census?${query}`)).body.total;
    expect(await total('transport=polling')).toBe(1);
    expect(await total('namespace=/')).toBe(4);
    expect(await total('room=tides')).toBe(1);
    expect(await total('protocol=socket.io%2F5&transport=websocket&node=0')).toBe(3);
    expect(await total('user=nobody')).toBe(0);
    expect((await get<Census>('census?room=tides')).body.machines.connection.arrows).toBeNull();
  });

  it.each([
    ['census?transport=pigeon', 400, 'transport: "pigeon" must be one of polling, websocket'],
    ['census/stream?protocol=mqtt', 400, 'protocol: "mqtt" must be one of'],
    ['census?colour=blue', 400, '"colour" is not among node, transport'],
    ['census?node=9', 404, 'node: "9" is not among 0'],
    ['connections?state=nowhere', 400, 'state: "nowhere" is no state of the connection machine'],
    ['connections?limit=0', 400, 'limit must be a whole number from 1 to 10000'],
  ])('answers %s with %i', async (path, status, message) => {
    const answer = await get<{ code: string; message: string }>(path);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(status === 404 ? 'not_found' : 'invalid_argument');
    expect(answer.body.message).toContain(message);
  });

  it('streams the census at least twice a second, filtered or not', async () => {
    const [all, few] = await Promise.all([
      follow('census/stream', 5),
      follow('census/stream?transport=polling', 5),
    ]);
    expect(all!.censuses.map(({ total }) => total)).toEqual([4, 4, 4, 4, 4]);
    expect(few!.censuses.map(({ total }) => total)).toEqual([1, 1, 1, 1, 1]);
    // Four periods; the machine that tests run on is busy.
    for (const { took } of [all, few]) expect(took).toBeLessThan(4_000);
    expect(all!.censuses.at(-1)!.machines.connection.arrows).not.toEqual({});
  });

  it('has a bound on the streams open at once, and room again when they are gone', async () => {
    const leaving = new AbortController();
    const open = () =>
      fetch(`${node.adminUrl}/inspect/census/stream`, { headers: AUTHORIZED, signal: leaving.signal });
    const answers = await Promise.all(Array.from({ length: 33 }, open));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses.slice(0, 32)).toEqual(Array(32).fill(200));
    expect(statuses[32]).toBe(429);
    leaving.abort();
    await sleep(200);
    expect((await follow('census/stream', 1)).censuses[0]!.total).toBe(4);
  });

  it('finds a client by what is known of it', async () => {
    const find = async (query: string) =>
      (await get<{ connections: FoundConnection[] }>(`connections?${query}`)).body.connections;
    const [found] = await find(`q=${ids[1]}`);
    expect(found).toMatchObject({
      id: ids[1],
      address: '127.0.0.1',
      user: '',
      sockets: [{ id: ids[1], namespace: '/', state: 'connected.unlimited' }],
    });
    expect((await find('room=tides')).map(({ id }) => id)).toEqual([ids[0]]);
    expect((await find('q=tid')).map(({ id }) => id)).toEqual([ids[0]]);
    const oldest = await find('state=open.transport.websocket&sort=oldest');
    expect(oldest.map(({ id }) => id)).toEqual(ids);
    expect(oldest[0]!.since).toBeLessThanOrEqual(oldest[2]!.since);
    expect(await find('machine=socket&state=connected&limit=2')).toHaveLength(2);
  });

  it('lists a client that comes again and again, and a network that does not answer', async () => {
    const silent = await startNode({ 'engine.pingTimeout': '10s' });
    const strange = async () => (await (await fetch(`${silent.adminUrl}/inspect/strange`)).json()) as Strange;
    try {
      expect(await strange()).toMatchObject({ overdue: [], loops: [], backoff: [], slow: [] });
      for (let i = 0; i < 8; i++) (await connectMain(silent.clientsUrl)).close();
      await expect
        .poll(async () => (await strange()).loops, { timeout: 5_000 })
        .toMatchObject([{ by: 'address', key: '127.0.0.1', connects: 8, connections: 0 }]);
      for (let i = 0; i < 3; i++) {
        await PollingPeer.open(silent.clientsUrl, { path: '/engine.io/' });
      }
      await expect
        .poll(async () => (await strange()).backoff, { timeout: 10_000 })
        .toEqual([{ network: '127.0.0.0/24', silent: 3, connections: 3 }]);
    } finally {
      await silent.close();
    }
  });

  it('shows nothing of it to anybody without the token', async () => {
    for (const path of ['machines', 'census', 'census/stream', 'strange', 'connections']) {
      expect((await fetch(`${node.adminUrl}/inspect/${path}`)).status).toBe(401);
    }
  });
});
