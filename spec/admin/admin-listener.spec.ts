import { type IncomingMessage, request as send } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AdminListener, startAdminListener } from '../../src/adapters/admin/admin-listener.ts';
import type { AdminOptions } from '../../src/adapters/admin/admin-options.ts';
import type { Film, Frame } from '../../src/runtime/film/film.ts';
import { NodeRoll } from '../../src/runtime/inspect/node-roll.ts';
import { LogFocuses } from '../../src/runtime/log/log-focuses.ts';
import type { Census, CensusFilter, CensusOffice } from '../../src/runtime/ports/census.ts';
import type {
  ConnectionSearch,
  InspectedConnection,
  InspectedEvent,
  Inspector,
  WatchOutcome,
} from '../../src/runtime/ports/inspector.ts';
import type { LogLevel } from '../../src/runtime/ports/log-level.ts';
import type { NodeVitals } from '../../src/runtime/ports/neighbours.ts';
import type { FocusRequest, Operations } from '../../src/runtime/ports/operations.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';

const CONNECTION: InspectedConnection = {
  id: '7000000000000000001',
  state: 'open.websocket.calm',
  transport: 'websocket',
  protocol: 'socket.io/5',
  address: '203.0.113.7',
  openedAt: 1_700_000_000_000,
  watched: false,
};
const EVENT: InspectedEvent = {
  time: 1_700_000_000_001,
  machine: 'connection',
  event: 'PONG_RECEIVED',
  from: 'awaiting pong',
  to: 'calm',
  effects: ['REARM_HEARTBEAT'],
};

const FRAME = { n: 3, at: 1, kind: 'event', machine: 'connection', event: 'PONG_RECEIVED' } as Frame;
const FILM = { format: 'holdfast-film', version: 1, frames: [FRAME] } as unknown as Film;

/** Plays one connection that can be watched, and notes what it was asked. */
class OneConnection implements Inspector {
  asked: unknown[] = [];
  outcome: WatchOutcome = 'watched';
  followers = new Set<{ receive: (frame: Frame, event: InspectedEvent | null) => void; ended: () => void }>();

  overview() {
    return { node: '3', connections: 1, sockets: 2, users: 1, rooms: 0, states: { connection: { open: 1 } } };
  }
  async connections(search: ConnectionSearch) {
    this.asked.push(search);
    return [{ ...CONNECTION, since: 1_700_000_000_000, user: '', sockets: [] }];
  }
  connection(id: string) {
    return id === CONNECTION.id ? { ...CONNECTION, sockets: [], bufferedBytes: 0, events: [EVENT] } : null;
  }
  watch(id: string): WatchOutcome {
    return id === CONNECTION.id ? this.outcome : 'not found';
  }
  unwatch(id: string) {
    return id === CONNECTION.id;
  }
  follow() {
    return null;
  }
  followFilm(id: string, receive: (frame: Frame, event: InspectedEvent | null) => void, ended: () => void) {
    if (id !== CONNECTION.id || this.outcome !== 'watched') return null;
    const follower = { receive, ended };
    this.followers.add(follower);
    receive(FRAME, EVENT);
    return () => void this.followers.delete(follower);
  }
  film(id: string) {
    return id === CONNECTION.id ? FILM : null;
  }
}

const CENSUS: Census = {
  time: 1_700_000_000_002,
  node: '3',
  total: 1,
  machines: {
    connection: { states: { open: { count: 1, p50: 10, p99: 10 } }, arrows: {} },
    socket: { states: {}, arrows: {} },
    node: { states: {}, arrows: {} },
  },
};

/** Has room for one follower. */
class OneCensus implements CensusOffice {
  asked: CensusFilter[] = [];
  receive: ((census: Census) => void) | null = null;

  charts() {
    return [];
  }
  async take(filter: CensusFilter) {
    this.asked.push(filter);
    return CENSUS;
  }
  follow(filter: CensusFilter, receive: (census: Census) => void) {
    if (this.receive !== null) return null;
    this.asked.push(filter);
    this.receive = receive;
    return () => {
      this.receive = null;
    };
  }
  async strange() {
    return { time: 1, node: '3', overdue: [], loops: [], backoff: [], slow: [] };
  }
}

const VITALS: NodeVitals = {
  number: 3,
  version: '1.2.3',
  state: 'ready',
  connections: 1,
  load: { cpu: 0.25, memory: 80_000_000, received: 12, sent: 30 },
  eventLoopDelay: { p50: 0.2, p99: 4 },
  kafkaLag: null,
};

/** Writes down what it is asked to do. */
class Notes implements Operations {
  readonly done: unknown[] = [];
  level: LogLevel = 'info';
  readonly focuses = new LogFocuses(new SimulatedClock());

  closeConnection(id: string, reason: string) {
    this.done.push(['close', id, reason]);
  }
  closeUser(user: string, reason: string) {
    this.done.push(['close user', user, reason]);
    return 3;
  }
  setLogLevel(level: LogLevel) {
    this.level = level;
  }
  focusLog({ of, name, milliseconds }: FocusRequest, level: LogLevel | null) {
    if (level === null) this.focuses.end(of, name);
    else this.focuses.set(of, name, level, milliseconds);
  }
  watches(id: string) {
    this.done.push(['watch', id]);
  }
  drain() {
    this.done.push(['drain']);
  }
}

const listeners: AdminListener[] = [];
afterEach(() => Promise.all(listeners.splice(0).map((listener) => listener.close())));

async function start(overrides: Partial<AdminOptions> = {}) {
  const inspector = new OneConnection();
  const census = new OneCensus();
  const operations = new Notes();
  const listener = await startAdminListener({
    listen: { host: '127.0.0.1', port: 0 },
    token: '',
    version: '1.2.3',
    readiness: { state: () => 'ready', dependencies: () => ({}) },
    inspector,
    census,
    operations,
    neighbours: new NodeRoll({
      records: () => [],
      role: 'dev',
      vitals: () => VITALS,
      courier: () => null,
      clock: new SystemClock(),
    }),
    logLevel: { level: () => operations.level, setLevel: () => {}, focuses: operations.focuses },
    tokens: { revoke: async () => ({ id: 'a', until: 7, closedHere: 1 }) },
    metrics: { contentType: 'text/plain; version=0.0.4', scrape: async () => 'holdfast_sockets 2\n' },
    ...overrides,
  });
  listeners.push(listener);
  const base = `http://127.0.0.1:${listener.port}`;
  const call = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(base + path, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return { inspector, census, operations, call, base, port: listener.port };
}

/** With a Host header of its own, which fetch does not allow. */
function callAs(host: string, port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    send({ port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('/healthz', () => {
  it('answers while the event loop lives', async () => {
    expect(await (await start()).call('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('/readyz', () => {
  const ok = { ok: true, detail: 'connected' };
  const broken = { ok: false, detail: '3 calls in a row failed' };

  it('is 200 with a condition for each dependency when the node is ready', async () => {
    const { call } = await start({
      readiness: { state: () => 'ready', dependencies: () => ({ backend: ok }) },
    });
    expect(await call('/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready', dependencies: { backend: ok } },
    });
  });

  it('is 503 while a dependency is not ok', async () => {
    const dependencies = () => ({ bus: ok, backend: broken });
    const { call } = await start({ readiness: { state: () => 'ready', dependencies } });
    expect(await call('/readyz')).toMatchObject({
      status: 503,
      body: { status: 'not ready', dependencies: { bus: ok, backend: broken } },
    });
  });

  it.each(['starting', 'draining', 'stopped'] as const)('is 503 while the node is %s', async (state) => {
    const { call } = await start({ readiness: { state: () => state, dependencies: () => ({}) } });
    expect(await call('/readyz')).toMatchObject({ status: 503, body: { status: state } });
  });
});

describe('/metrics', () => {
  it('is what Prometheus scrapes', async () => {
    const { status, headers, body } = await (await start()).call('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(body).toBe('holdfast_sockets 2\n');
  });
});

describe('/version', () => {
  it('tells the version of Holdfast and of Node', async () => {
    const { body } = await (await start()).call('/version');
    expect(body).toMatchObject({ name: 'holdfast', version: '1.2.3', node: process.version });
  });
});

describe('/log/level', () => {
  it.each([
    ['{"level":"debug"}', 'debug'],
    ['"warn"', 'warn'],
    ['error\n', 'error'],
  ])('takes the body %s', async (body, level) => {
    const { call } = await start();
    expect(await call('/log/level', { method: 'PUT', body })).toMatchObject({ status: 200, body: { level } });
    expect(await call('/log/level')).toMatchObject({ status: 200, body: { level } });
  });

  it.each([
    ['{"level":"loud"}', 'level: "loud" must be one of debug, info, warn, error, silent'],
    ['{"lvl":"debug"}', 'level: nothing must be one of'],
    ['{"level":', 'the body is not JSON'],
    ['', 'level: "" must be one of'],
    ['constructor', 'level: "constructor" must be one of'],
  ])('refuses the body %j and keeps the level', async (body, message) => {
    const { call } = await start();
    const refused = await call('/log/level', { method: 'PUT', body });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining(message),
    });
    expect((await call('/log/level')).body).toEqual({ level: 'info' });
  });

  it('takes a level for one user or one room, for a while, and lists it', async () => {
    const { call } = await start();
    const put = (body: object) => call('/log/level', { method: 'PUT', body: JSON.stringify(body) });
    await put({ level: 'debug', user: 'ann', for: '90s' });
    const both = await put({ level: 'warn', room: 'doc-1' });
    expect(both).toMatchObject({
      status: 200,
      body: {
        level: 'info',
        focus: [
          { user: 'ann', level: 'debug' },
          { room: 'doc-1', level: 'warn' },
        ],
      },
    });
    const [ann, room] = both.body.focus.map(({ until }: { until: string }) => Date.parse(until));
    expect(room - ann).toBe(600_000 - 90_000);
    expect((await call('/log/level')).body).toEqual(both.body);
    await put({ level: null, user: 'ann' });
    expect((await put({ level: null, room: 'doc-1' })).body).toEqual({ level: 'info' });
  });

  it.each([
    ['{"level":"debug","user":"ann","room":"doc-1"}', 'name a user or a room, not both'],
    ['{"level":"debug","user":""}', 'user must be a name'],
    ['{"level":"debug","room":7}', 'room must be a name'],
    ['{"level":"debug","user":"ann","for":"10"}', 'has no unit'],
    ['{"level":"debug","user":"ann","for":"2d"}', 'must be 24h at most'],
    ['{"level":"debug","user":"ann","for":"0s"}', 'must be 24h at most'],
    ['{"level":"debug","usr":"ann"}', 'there is no field "usr"'],
    ['{"level":"debug","for":"10m"}', 'name a user or a room'],
    ['{"level":null}', 'level: null must be one of'],
  ])('refuses %s and changes nothing', async (body, message) => {
    const { call } = await start();
    const refused = await call('/log/level', { method: 'PUT', body });
    expect(refused).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) } });
    expect((await call('/log/level')).body).toEqual({ level: 'info' });
  });

  it('refuses a large body and still answers', async () => {
    const { call } = await start();
    const refused = await call('/log/level', { method: 'PUT', body: 'x'.repeat(100_000) });
    expect(refused).toMatchObject({ status: 429, body: { code: 'resource_exhausted' } });
  });
});

describe('/tokens/revoke', () => {
  it('takes JSON and nothing else, and hands it on with the address it came from', async () => {
    const asked: unknown[] = [];
    const answer = { id: 'login-7', until: 1_800_000_000, closedHere: 2 };
    const tokens = {
      revoke: async (...request: unknown[]) => {
        asked.push(request);
        return answer;
      },
    };
    const { call } = await start({ tokens });
    const revoke = (body: string, type = 'application/json; charset=utf-8') =>
      call('/tokens/revoke', { method: 'POST', body, headers: { 'content-type': type } });
    const token = 'x'.repeat(16_000);
    expect(await revoke(JSON.stringify({ token }))).toMatchObject({ status: 200, body: answer });
    expect(await revoke('{"token":')).toMatchObject({
      status: 400,
      body: { message: 'the body is not JSON' },
    });
    // What a web page may send anywhere without asking.
    expect(await revoke('{"id":"x"}', 'text/plain')).toMatchObject({ status: 415 });
    expect(await revoke('x'.repeat(30_000))).toMatchObject({ status: 429 });
    expect(asked).toEqual([[{ token }, '127.0.0.1']]);
    expect(await call('/tokens/revoke')).toMatchObject({ status: 405 });
  });
});

describe('/inspect', () => {
  it('counts by state', async () => {
    const { body } = await (await start()).call('/inspect');
    expect(body).toMatchObject({ connections: 1, states: { connection: { open: 1 } } });
  });

  it('lists connections of a state up to a limit', async () => {
    const { call, inspector } = await start();
    expect((await call('/inspect/connections')).body).toMatchObject({ connections: [CONNECTION] });
    await call('/inspect/connections?machine=socket&state=connected&q=ada&limit=5&sort=oldest');
    expect(inspector.asked).toEqual([
      { limit: 100 },
      { machine: 'socket', state: 'connected', q: 'ada', limit: 5, sort: 'oldest' },
    ]);
    expect(await call('/inspect/connections?machine=node')).toMatchObject({
      status: 400,
      body: { message: 'machine: "node" must be one of connection, socket' },
    });
    expect(await call('/inspect/connections?state=a&stat=b')).toMatchObject({ status: 400 });
    expect(await call('/inspect/connections?limit=-1')).toMatchObject({ status: 400 });
    expect(await call('/inspect/connections?limit=10001')).toMatchObject({ status: 400 });
  });

  it('shows one connection with its last events', async () => {
    const { call } = await start();
    expect((await call(`/inspect/connections/${CONNECTION.id}`)).body).toMatchObject({
      id: CONNECTION.id,
      state: 'open.websocket.calm',
      events: [EVENT],
    });
    expect(await call('/inspect/connections/1')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('starts and stops watching', async () => {
    const { call, inspector } = await start();
    const path = `/inspect/connections/${CONNECTION.id}/watch`;
    expect(await call(path, { method: 'PUT' })).toMatchObject({ status: 200, body: { watched: true } });
    expect(await call(path, { method: 'DELETE' })).toMatchObject({ status: 200, body: { watched: false } });
    expect(await call('/inspect/connections/1/watch', { method: 'PUT' })).toMatchObject({ status: 404 });
    expect(await call('/inspect/connections/1/watch', { method: 'DELETE' })).toMatchObject({ status: 404 });
    inspector.outcome = 'too many';
    expect(await call(path, { method: 'PUT' })).toMatchObject({ status: 429 });
  });

  it('streams events as they happen until the connection closes', async () => {
    const { base, inspector } = await start();
    const response = await fetch(`${base}/inspect/connections/${CONNECTION.id}/events`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const [follower] = inspector.followers;
    const packet = { n: 4, at: 2, kind: 'packet' } as Frame;
    follower!.receive(packet, null);
    follower!.receive(FRAME, { ...EVENT, event: 'CLOSE' });
    follower!.ended();
    const text = await response.text();
    const events = text.split('\n\n').filter(Boolean);
    expect(events).toEqual([
      `data: ${JSON.stringify({ ...EVENT, frame: FRAME })}`,
      `event: frame\ndata: ${JSON.stringify(packet)}`,
      `data: ${JSON.stringify({ ...EVENT, event: 'CLOSE', frame: FRAME })}`,
      'event: closed\ndata: {}',
    ]);
    await vi.waitFor(() => expect(inspector.followers.size).toBe(0));
  });

  it('gives out the film of a watched connection as a file', async () => {
    const { call } = await start();
    const { status, headers, body } = await call(`/inspect/connections/${CONNECTION.id}/film`);
    expect([status, body]).toEqual([200, FILM]);
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="holdfast-${CONNECTION.id}.film.json"`,
    );
    expect(await call('/inspect/connections/1/film')).toMatchObject({ status: 404 });
  });

  it('stops following when the reader goes away', async () => {
    const { base, inspector } = await start();
    const leaving = new AbortController();
    await fetch(`${base}/inspect/connections/${CONNECTION.id}/events`, { signal: leaving.signal });
    expect(inspector.followers.size).toBe(1);
    leaving.abort();
    await vi.waitFor(() => expect(inspector.followers.size).toBe(0));
  });

  it('cuts off a reader that does not read', async () => {
    const { port, inspector } = await start();
    const path = `/inspect/connections/${CONNECTION.id}/events`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      send({ port, path }, resolve).on('error', reject).end();
    });
    response.on('error', () => {});
    const [follower] = inspector.followers;
    const large = { ...EVENT, effects: ['x'.repeat(10_000)] };
    for (let sent = 0; sent < 2000 && inspector.followers.size > 0; sent++) {
      follower!.receive(FRAME, large);
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(inspector.followers.size).toBe(0));
    response.destroy();
  });

  it('answers HEAD with the head of a stream and begins none', async () => {
    const { call, inspector } = await start();
    const head = await call(`/inspect/connections/${CONNECTION.id}/events`, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers.get('content-type')).toBe('text/event-stream');
    expect(inspector.followers.size).toBe(0);
  });

  it('answers 404 to a stream of a connection that does not exist, and 429 when too many are watched', async () => {
    const { call, inspector } = await start();
    expect(await call('/inspect/connections/1/events')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    inspector.outcome = 'too many';
    expect(await call(`/inspect/connections/${CONNECTION.id}/events`)).toMatchObject({ status: 429 });
  });
});

describe('/inspect/census', () => {
  it('hands the filter on as it was given, and refuses what is none', async () => {
    const { call, census } = await start();
    expect((await call('/inspect/census?room=a%26b&namespace=/chat')).body).toEqual(CENSUS);
    expect(census.asked).toEqual([{ room: 'a&b', namespace: '/chat' }]);
    expect(await call('/inspect/census?romo=a')).toMatchObject({
      status: 400,
      body: {
        code: 'invalid_argument',
        message: '"romo" is not among node, transport, protocol, namespace, user, room',
      },
    });
    expect(await call('/inspect/census?user=a&user=b')).toMatchObject({
      status: 400,
      body: { message: 'user is given twice' },
    });
  });

  it('streams each count as an event until the reader goes away, to as many readers as there is room for', async () => {
    const { base, call, census } = await start();
    const leaving = new AbortController();
    const response = await fetch(`${base}/inspect/census/stream?user=ada`, { signal: leaving.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(census.asked).toEqual([{ user: 'ada' }]);
    const reader = response.body!.getReader();
    census.receive!(CENSUS);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(
      `event: census\ndata: ${JSON.stringify(CENSUS)}\n\n`,
    );
    expect(await call('/inspect/census/stream')).toMatchObject({
      status: 429,
      body: { code: 'resource_exhausted' },
    });
    leaving.abort();
    await vi.waitFor(() => expect(census.receive).toBeNull());
  });

  it('cuts off a reader that does not read', async () => {
    const { port, census } = await start();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      send({ port, path: '/inspect/census/stream' }, resolve).on('error', reject).end();
    });
    response.on('error', () => {});
    const large = { ...CENSUS, node: 'x'.repeat(10_000) };
    for (let sent = 0; sent < 2000 && census.receive !== null; sent++) {
      census.receive(large);
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(census.receive).toBeNull());
    response.destroy();
  });
});

describe('the guard', () => {
  const CLOSED = [
    '/metrics',
    '/inspect',
    '/inspect/machines',
    '/inspect/census',
    '/inspect/census/stream',
    '/inspect/strange',
    '/inspect/connections',
    '/log/level',
    '/version',
    '/nowhere',
  ];

  it('asks for the token everywhere but at the probes', async () => {
    const { call } = await start({ token: 's3cret' });
    for (const path of CLOSED) {
      for (const authorization of ['', 'Bearer wrong', 'Bearer s3cre', 'Basic s3cret', 's3cret']) {
        const refused = await call(path, { headers: { authorization } });
        expect(refused.status, `${path} with "${authorization}"`).toBe(401);
        expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
    expect((await call('/version', { headers: { authorization: 'Bearer s3cret' } })).status).toBe(200);
    expect((await call('/log/level', { method: 'PUT', body: 'debug' })).status).toBe(401);
    expect((await call('/healthz')).status).toBe(200);
    expect((await call('/readyz')).status).toBe(200);
  });

  it('refuses foreign host names when there is no token (DNS rebinding)', async () => {
    const { port } = await start();
    for (const path of CLOSED) expect(await callAs('evil.example', port, path)).toBe(403);
    expect(await callAs('localhost.evil.example:9090', port, '/inspect')).toBe(403);
    expect(await callAs(`localhost:${port}`, port, '/inspect')).toBe(200);
    expect(await callAs('[::1]:9090', port, '/inspect')).toBe(200);
    expect(await callAs('10.1.2.3:9090', port, '/healthz')).toBe(200);
  });

  it('lets no other origin read or change anything', async () => {
    const { call } = await start();
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' };
    const preflight = await call('/log/level', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(405);
    expect([...preflight.headers.keys()].some((name) => name.startsWith('access-control'))).toBe(false);
  });
});

describe('the listener', () => {
  it('answers 404 to unknown paths and 405 to unknown methods, naming what it answers', async () => {
    const { call } = await start();
    expect(await call('/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await call('/inspect/connections/__proto__')).toMatchObject({ status: 404 });
    const refused = await call('/log/level', { method: 'POST', body: 'debug' });
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('GET, PUT');
    expect((await call('/metrics', { method: 'HEAD' })).status).toBe(200);
  });

  it('answers 500 without details when something fails inside', async () => {
    const scrape = () => Promise.reject(new Error('sekrit'));
    const { call } = await start({ metrics: { contentType: 'text/plain', scrape } });
    const failed = await call('/metrics');
    expect(failed).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(failed.body)).not.toContain('sekrit');
  });

  it('survives a request target that is no URL', async () => {
    const { port } = await start();
    expect(await callAs(`127.0.0.1:${port}`, port, '//')).toBe(404);
  });

  it('says so when its port is taken', async () => {
    const { port } = await start();
    await expect(start({ listen: { host: '127.0.0.1', port } })).rejects.toThrow('EADDRINUSE');
  });

  it('closes at once, streams included', async () => {
    const { base } = await start();
    const response = await fetch(`${base}/inspect/connections/${CONNECTION.id}/events`);
    const rest = response.text().catch(() => 'cut off');
    await listeners.splice(0)[0]!.close();
    expect(await rest).toBe('cut off');
  });
});

describe('actions', () => {
  const asked = (body: object) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

  it('closes a connection, those of a user, and drains, for whoever asks in JSON', async () => {
    const { call, operations } = await start();
    const reason = 'token expired';
    expect(await call('/inspect/connections/123/close', asked({ reason }))).toMatchObject({ status: 200 });
    // Nine characters of a path for each of these.
    const long = '名'.repeat(200);
    expect((await call(`/inspect/users/${encodeURIComponent(long)}/close`, asked({ reason }))).status).toBe(
      200,
    );
    expect(operations.done.pop()).toEqual(['close user', long, reason]);
    expect((await call('/inspect/users/ada%2Fb/close', asked({ reason }))).body).toEqual({
      closed: 3,
      unreachable: [],
    });
    expect(await call('/inspect/drain', asked({}))).toMatchObject({ status: 202 });
    expect(operations.done).toEqual([['close', '123', reason], ['close user', 'ada/b', reason], ['drain']]);
  });

  it('does nothing that a web page of somebody else could have asked for, and nothing without a reason', async () => {
    const { call, operations } = await start();
    const foreign = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' };
    for (const path of ['/inspect/drain', '/inspect/connections/123/close', '/inspect/users/ada/close']) {
      expect((await call(path, foreign)).status).toBe(400);
    }
    expect((await call('/inspect/connections/123/close', asked({}))).body).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('reason'),
    });
    expect(operations.done).toEqual([]);
  });

  it('asks for the token as everything else does', async () => {
    const { call, operations } = await start({ token: 'secret' });
    expect((await call('/inspect/drain', asked({}))).status).toBe(401);
    expect(operations.done).toEqual([]);
  });
});
