import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import type { CallBody } from '../support/echo-backend.ts';
import { engineUrl } from '../support/engine-url.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { WebSocketPeer } from '../support/websocket-peer.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { Member, type Settings } from './support/member.ts';
import { type Services, startRedisOnly } from './support/services.ts';
import { until } from './support/until.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const ADMIN = 'operator';
const SETTINGS: Settings = {
  'auth.mode': 'jwt',
  'auth.jwt.secret': SECRET,
  'admin.token': ADMIN,
  'cluster.leaseTtl': '30s',
  'log.level': 'info',
};

/** Each is another token, also of the same user. */
let tokens = 0;
function tokenOf(user: string, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ n: tokens++, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET));
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function revoke(adminUrl: string, request: unknown, headers: object = {}): Promise<Answer> {
  const answer = await fetch(`${adminUrl}/tokens/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN}`, ...headers },
    body: typeof request === 'string' ? request : JSON.stringify(request),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const sockets: ClientSocket[] = [];
function open(url: string, token: string, transports: readonly string[] = ['websocket']): ClientSocket {
  const library = LIBRARIES[0]!;
  const socket = library.open(url, { user: '', auth: { token }, transports });
  sockets.push(socket);
  return socket;
}
async function connect(url: string, token: string, transports?: readonly string[]): Promise<ClientSocket> {
  const socket = open(url, token, transports);
  await next(socket, 'connect');
  return socket;
}
async function refusal(url: string, token: string): Promise<string> {
  const [error] = await next(open(url, token), 'connect_error');
  return (error as Error).message;
}

const isEndOf =
  (user: string) =>
  ({ socket, reason }: CallBody): boolean =>
    socket.user === user && reason === 'token expired';

/** Ids of the connections that a gateway holds. */
async function connectionsOf(member: Member): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${ADMIN}` };
  const answer = await fetch(`${member.adminUrl}/inspect/connections?limit=1000`, { headers });
  const { connections } = (await answer.json()) as { connections: readonly { id: string }[] };
  return connections.map(({ id }) => id);
}

describe('a token that is revoked at one node of a cluster', () => {
  let services: Services;
  let cluster: Cluster;
  let late: Member;
  beforeAll(async () => {
    services = await startRedisOnly();
    cluster = await startCluster({ gateways: 2, apis: 1, services: services.settings, settings: SETTINGS });
    late = await Member.create('gateway', 'late', {
      'engine.rehearsal': 'false',
      ...services.settings,
      ...SETTINGS,
    });
  });
  afterAll(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await late?.kill();
    await cluster?.close();
    await services?.close();
  });

  it('closes its sessions on every gateway, lets nobody in with it, and leaves those of other tokens alone', async () => {
    const [first, second] = cluster.gateways as [Member, Member];
    const user = `ann ${tokens}`;
    const [bad, good] = await Promise.all([tokenOf(user), tokenOf(user)]);
    const urls = [first.url, second.url];
    const ended = await Promise.all(urls.map((url) => connect(url, bad)));
    const polling = await connect(second.url, bad, ['polling']);
    const kept = await Promise.all(urls.map((url) => connect(url, good)));
    const raw = await WebSocketPeer.open(`${first.url.replace('http', 'ws')}/ws?token=${bad}`, {
      heartbeat: 'none',
    });
    const ends = [...ended, polling].map((socket) => next(socket, 'disconnect'));

    const { status, body } = await revoke(second.adminUrl, { token: bad });
    expect({ status, body }).toMatchObject({ status: 200, body: { closedHere: 2 } });
    expect(body.until).toBeGreaterThan(Date.now() / 1000 + 3_500);
    for (const end of ends) expect((await end)[0]).toBe('transport close');
    expect(await raw.untilClosed(5_000)).toEqual({ code: 4004, reason: 'token expired' });
    const said = () =>
      cluster.backend.calls.filter(({ method, body }) => method === 'OnDisconnect' && isEndOf(user)(body));
    await until(() => said().length === 4);
    for (const url of urls) expect(await refusal(url, bad)).toBe('token revoked');
    expect(kept.every(({ connected }) => connected)).toBe(true);

    const audited = () => second.output.split('\n').filter((line) => line.includes(`"${body.id}"`));
    await until(() => audited().length > 0);
    const lines = audited();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { tokenId: body.id, until: body.until, closedHere: 2, from: '127.0.0.1' },
    ]);
    for (const { output } of cluster.gateways) expect(output).not.toContain(bad);
  });

  it('may be revoked by its id, at an API node, with another token renewed meanwhile', async () => {
    const [first] = cluster.gateways as [Member];
    const [old, renewed] = await Promise.all([tokenOf('bob', { jti: 'b1' }), tokenOf('bob', { jti: 'b2' })]);
    const [stays, goes] = await Promise.all([connect(first.url, old), connect(first.url, old)]);
    const renewal = await new Promise((resolve) => void stays.emit('token', renewed, resolve));
    expect(renewal).toMatchObject({ expiresAt: expect.any(String) });
    const end = next(goes, 'disconnect');
    const until = Math.floor(Date.now() / 1000) + 60;
    expect(await revoke(cluster.apis[0]!.adminUrl, { id: 'b1', until })).toEqual({
      status: 200,
      body: { id: 'b1', until, closedHere: 0 },
    });
    await end;
    expect(await refusal(first.url, old)).toBe('token revoked');
    expect(stays.connected).toBe(true);
    expect(await new Promise((resolve) => void stays.emit('token', old, resolve))).toEqual({
      error: 'token revoked',
    });
  });

  it('closes sessions that have moved to another gateway', async () => {
    const [home, elsewhere] = cluster.gateways as [Member, Member];
    const token = await tokenOf('mia');
    const polling = await PollingPeer.open(home.url);
    await polling.post(`40${JSON.stringify({ token })}`);
    const [, id] = /^40{"sid":"(\d+)"}$/.exec(String((await polling.poll())[0])) ?? [];
    const query = { EIO: '4', transport: 'websocket', sid: polling.handshake.sid };
    const webSocket = await WebSocketPeer.open(engineUrl(elsewhere.url, query));
    webSocket.send('2probe');
    expect(await webSocket.text()).toBe('3probe');
    webSocket.send('5');
    await until(async () => (await connectionsOf(elsewhere)).includes(id!));
    expect((await revoke(home.adminUrl, { token })).body).toMatchObject({ closedHere: 0 });
    expect(await webSocket.untilClosed(5_000)).toEqual({ code: 4004, reason: 'token expired' });
    await cluster.backend.call('OnDisconnect', isEndOf('mia'));
  });

  it('is known to a gateway that starts later, and after Redis was away', async () => {
    const [first, second] = cluster.gateways as [Member, Member];
    const [bad, worse] = await Promise.all([tokenOf('eve'), tokenOf('eve')]);
    expect((await revoke(first.adminUrl, { token: bad })).status).toBe(200);
    await late.start();
    expect(await refusal(late.url, bad)).toBe('token revoked');

    const here = await connect(second.url, worse);
    await services.redis.kill();
    expect(await revoke(first.adminUrl, { token: worse })).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
    await services.redis.run();
    await until(async () => (await revoke(first.adminUrl, { token: worse })).status === 200);
    // The others may have to find out by themselves: they are not subscribed again at once.
    await until(() => !here.connected, 20_000);
    for (const { url } of [first, second, late]) {
      for (const token of [bad, worse]) {
        await until(async () => (await refusal(url, token)) === 'token revoked', 20_000);
      }
    }
  }, 90_000);

  it('is not revoked by nonsense, nor by somebody who is no operator', async () => {
    for (const { adminUrl } of [cluster.gateways[0]!, cluster.apis[0]!]) {
      for (const request of ['', '{', [], {}, { token: 'abc' }, { id: 'x' }, { id: 'x', until: 1 }]) {
        const { status, body } = await revoke(adminUrl, request);
        expect({ status, code: body.code }, JSON.stringify(request)).toEqual({
          status: 400,
          code: 'invalid_argument',
        });
      }
      const stranger = await revoke(adminUrl, { id: 'x', until: 9e9 }, { authorization: '' });
      expect(stranger).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      // A web page cannot send JSON to another origin without asking.
      const page = await revoke(adminUrl, { id: 'x', until: 9e9 }, { 'content-type': 'text/plain' });
      expect(page).toMatchObject({ status: 415, body: { code: 'invalid_argument' } });
    }
  });
});

describe('a token that is revoked at a single node', () => {
  let node: RunningNode;
  beforeAll(async () => {
    // By default its clients have half a second to answer a ping, which is little on a busy machine.
    node = await startNode({ ...SETTINGS, 'engine.pingInterval': '10s', 'engine.pingTimeout': '10s' });
  });
  afterAll(() => node?.close());

  it('closes its sessions and lets nobody in with it', async () => {
    const [bad, good] = await Promise.all([tokenOf('ann'), tokenOf('ann')]);
    const [ended, kept] = await Promise.all([connect(node.clientsUrl, bad), connect(node.clientsUrl, good)]);
    const end = next(ended, 'disconnect');
    expect(await revoke(node.adminUrl, { token: bad })).toMatchObject({
      status: 200,
      body: { closedHere: 1 },
    });
    await end;
    expect(await refusal(node.clientsUrl, bad)).toBe('token revoked');
    expect(kept.connected).toBe(true);
  });
});

it('without auth.mode=jwt there is nothing to revoke, which is said', async () => {
  const node = await startNode({ 'auth.mode': 'backend' });
  try {
    expect(await revoke(node.adminUrl, { id: 'x', until: 9e9 })).toMatchObject({
      status: 400,
      body: { code: 'failed_precondition', message: expect.stringContaining('auth.mode is backend') },
    });
  } finally {
    await node.close();
  }
});
