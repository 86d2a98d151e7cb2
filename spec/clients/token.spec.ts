import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { engineUrl } from '../support/engine-url.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { openEngine } from '../support/socketio-peer.ts';
import { RefusedError, WebSocketPeer } from '../support/websocket-peer.ts';
import { ask, type ClientSocket, next } from './client-socket.ts';
import { LIBRARIES } from './libraries.ts';

const SECRET = 'a secret of at least thirty-two bytes';

/** Logins by token, as clients see them. */
describe('tokens', () => {
  let node: RunningNode;
  const open: ClientSocket[] = [];
  beforeAll(async () => {
    node = await startNode({
      'auth.mode': 'jwt',
      'auth.jwt.secret': SECRET,
      'auth.tokenWarning': '1s',
    });
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.disconnect();
  });
  afterAll(() => node?.close());

  const token = (user: string, seconds = 60) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(new TextEncoder().encode(SECRET));
  const connect = (auth: object | undefined, options: object = {}) => {
    const socket = LIBRARIES[0]!.open(node.clientsUrl, {
      user: '',
      transports: ['websocket'],
      reconnection: false,
      ...options,
      ...(auth ? { auth } : {}),
    });
    open.push(socket);
    return socket;
  };
  const userOf = async (tag: string) =>
    (await node.backend.call('OnConnect', ({ auth, query }) => JSON.stringify({ auth, query }).includes(tag)))
      .body.socket.user;

  it('takes the token of the CONNECT payload', async () => {
    const socket = connect({ token: await token('ann'), tag: 'payload' });
    await next(socket, 'auth');
    expect(await userOf('payload')).toBe('ann');
  });

  it('takes a bearer token, and one in the query, each only when nothing comes before it', async () => {
    const headers = { authorization: `Bearer ${await token('bob')}` };
    const url = engineUrl(node.clientsUrl, { EIO: '4', transport: 'websocket', token: await token('cid') });
    for (const [tag, user, options, payload] of [
      ['by header', 'bob', { headers }, {}],
      ['by query', 'cid', {}, {}],
      ['by payload', 'dan', { headers }, { token: await token('dan') }],
    ] as const) {
      const peer = await WebSocketPeer.open(url, options);
      await peer.text();
      peer.send(`40${JSON.stringify({ ...payload, tag })}`);
      expect(await peer.text()).toMatch(/^40\{/);
      expect(await userOf(`"${tag}"`)).toBe(user);
      peer.close();
    }
  });

  it('keeps the token in the query from the backend', async () => {
    const secret = await token('eve');
    const url = engineUrl(node.clientsUrl, {
      EIO: '4',
      transport: 'websocket',
      token: secret,
      tag: 'hidden',
    });
    const peer = await WebSocketPeer.open(url);
    await peer.text();
    peer.send('40');
    await peer.text();
    const { body } = await node.backend.call('OnConnect', ({ query }) => query?.tag === 'hidden');
    expect(JSON.stringify(body.query)).not.toContain(secret);
    expect(node.process.output).not.toContain(secret);
    peer.close();
  });

  for (const [name, bad] of [
    ['no token', () => ''],
    ['a token that is none', () => 'abc'],
    ['a token past its end', () => token('fay', -10)],
    ['a token without signature', async () => `${(await token('fay')).split('.').slice(0, 2).join('.')}.`],
    [
      'alg none',
      async () => `${btoa('{"alg":"none"}').replaceAll('=', '')}.${(await token('fay')).split('.')[1]}.`,
    ],
  ] as const) {
    it(`refuses ${name} with CONNECT_ERROR and keeps the connection for another try`, async () => {
      const peer = await openEngine(node.clientsUrl);
      peer.send(`40${JSON.stringify({ token: await bad() })}`);
      expect(await peer.text()).toMatch(/^44\{"message":"[^"]+"/);
      peer.send(`40${JSON.stringify({ token: await token('gus') })}`);
      expect(await peer.text()).toMatch(/^40\{"sid":/);
      peer.close();
    });
  }

  it('refuses plain WebSocket and bare engine clients without token with 401', async () => {
    for (const path of ['/ws', '/engine.io/?EIO=4&transport=websocket']) {
      const error = await WebSocketPeer.open(node.clientsUrl + path).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RefusedError);
      expect((error as RefusedError).status).toBe(401);
    }
    const answer = await fetch(`${node.clientsUrl}/engine.io/?EIO=4&transport=polling`);
    expect(answer.status).toBe(401);
    const peer = await WebSocketPeer.open(`${node.clientsUrl}/ws?token=${await token('hal')}`, {
      heartbeat: 'none',
    });
    peer.send('hello');
    expect(await peer.text()).toBe('hello');
    peer.close();
  });

  it('warns before the token ends, then closes the transport as token expired', async () => {
    const peer = await openEngine(node.clientsUrl);
    peer.send(`40${JSON.stringify({ token: await token('ida', 3) })}`);
    expect(await peer.text()).toMatch(/^40\{"sid":/);
    expect(await peer.text()).toMatch(/^42\["auth",/);
    expect(await peer.text(4000)).toMatch(/^42\["token expiring",/);
    expect(await peer.untilClosed(4000)).toEqual({ code: 4004, reason: 'token expired' });
    await node.backend.call('OnDisconnect', ({ reason }) => reason === 'token expired');
  });

  it('goes on with a new token, but not with that of somebody else', async () => {
    const socket = connect({ token: await token('joe', 3) });
    const warned = next(socket, 'token expiring');
    await next(socket, 'auth');
    await warned;
    const [refused] = await ask(socket, 'token', await token('kim'));
    expect(refused).toHaveProperty('error');
    const [renewed] = await ask(socket, 'token', await token('joe', 60));
    expect(renewed).toHaveProperty('expiresAt');
    await sleep(1500);
    expect(socket.connected).toBe(true);
  });
});
