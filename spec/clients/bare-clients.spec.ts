import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Socket as EngineSocket } from 'engine.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Inbox } from '../support/inbox.ts';
import { type RunningNode, startNode } from '../support/node.ts';
import { TRANSPORTS } from './libraries.ts';

const curl = promisify(execFile);

/** Clients without Socket.IO: `engine.io-client`, `ws`, and curl on the push side. */
describe('clients without Socket.IO', () => {
  let node: RunningNode;
  beforeAll(async () => {
    node = await startNode();
  });
  afterAll(() => node?.close());

  for (const { name, transports, settles } of TRANSPORTS) {
    it(`serves engine.io-client on /engine.io/ (${name})`, async () => {
      const socket = new EngineSocket(node.clientsUrl, {
        path: '/engine.io/',
        transports: [...transports],
        query: { tag: name },
      });
      const inbox = new Inbox<unknown>();
      socket.on('message', (data: unknown) => inbox.put(data));
      await new Promise<void>((resolve) => socket.once('open', () => resolve()));
      if (transports.length > 1)
        await new Promise<void>((resolve) => socket.once('upgrade', () => resolve()));
      expect(socket.transport.name).toBe(settles);
      socket.send('hello €');
      socket.send(Buffer.from([1, 2, 3]));
      expect(await inbox.next()).toBe('hello €');
      expect(Buffer.from((await inbox.next()) as Buffer)).toEqual(Buffer.from([1, 2, 3]));

      const { body } = await node.backend.call(
        'OnConnect',
        (call) => call.socket.protocol === 'engine.io/4' && call.query?.tag === name,
      );
      await node.push('Emit', { to: { sockets: [body.socket.id] }, event: 'message', args: ['pushed'] });
      expect(await inbox.next()).toBe('pushed');
      socket.close();
      const gone = await node.backend.call('OnDisconnect', (call) => call.socket.id === body.socket.id);
      expect(gone.body.reason).toBe('transport close');
    });
  }

  it('serves ws on /ws, and rooms hold all kinds', async () => {
    const socket = new WebSocket(`${node.clientsUrl.replace('http', 'ws')}/ws?tag=plain`);
    const inbox = new Inbox<string | Buffer>();
    socket.on('message', (data: Buffer, isBinary) => inbox.put(isBinary ? data : data.toString()));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('hello €');
    socket.send(Buffer.from([1, 2, 3]));
    expect(await inbox.next()).toBe('hello €');
    expect(await inbox.next()).toEqual(Buffer.from([1, 2, 3]));
    const { body } = await node.backend.call('OnConnect', (call) => call.query?.tag === 'plain');
    expect(body.socket).toMatchObject({ protocol: 'websocket', namespace: '/', transport: 'websocket' });
    await node.push('Join', { to: { sockets: [body.socket.id] }, rooms: ['mixed'] });
    for (const args of [['text', 'not written'], [{ an: 'object' }], [7]]) {
      await node.push('Emit', { to: { rooms: ['mixed'] }, event: 'any', args });
    }
    expect([await inbox.next(), await inbox.next(), await inbox.next()]).toEqual([
      'text',
      '{"an":"object"}',
      '7',
    ]);
    await node.push('Emit', {
      to: { rooms: ['mixed'] },
      event: 'any',
      args: [{ _placeholder: true, num: 0 }],
      attachments: ['CQg='],
    });
    expect(await inbox.next()).toEqual(Buffer.from([9, 8]));
    socket.close();
    const gone = await node.backend.call('OnDisconnect', (call) => call.socket.id === body.socket.id);
    expect(gone.body.reason).toBe('transport close');
  });

  it('ends a /ws client with a close frame when it is disconnected', async () => {
    const socket = new WebSocket(`${node.clientsUrl.replace('http', 'ws')}/ws?tag=kicked`);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    const { body } = await node.backend.call('OnConnect', (call) => call.query?.tag === 'kicked');
    await node.push('Disconnect', { to: { sockets: [body.socket.id] } });
    expect(await closed).toBe(1000);
  });

  it('takes pushes from curl', async () => {
    const socket = new WebSocket(`${node.clientsUrl.replace('http', 'ws')}/ws?tag=curl`);
    const got = new Promise<string>((resolve) => socket.once('message', (data) => resolve(data.toString())));
    const { body } = await node.backend.call('OnConnect', (call) => call.query?.tag === 'curl');
    const request = { to: { sockets: [body.socket.id] }, event: 'message', args: ['from curl'] };
    const { stdout } = await curl('curl', [
      ...['-sS', '-w', '\n%{http_code}', '-H', 'content-type: application/json'],
      ...['-d', JSON.stringify(request), `${node.pushUrl}/holdfast.v1.PushService/Emit`],
    ]);
    const [answer, status] = stdout.split('\n');
    expect(status).toBe('200');
    expect(JSON.parse(answer ?? '')).toEqual({ messageId: expect.any(String) });
    expect(await got).toBe('from curl');
    socket.close();
  });

  it('names the field that does not exist, to curl as well', async () => {
    const { stdout } = await curl('curl', [
      ...['-sS', '-w', '\n%{http_code}', '-H', 'content-type: application/json'],
      ...['-d', '{"to":{"everyone":true},"event":"x","evnt":1}'],
      `${node.pushUrl}/holdfast.v1.PushService/Emit`,
    ]);
    const [answer, status] = stdout.split('\n');
    expect(status).toBe('400');
    expect(JSON.parse(answer ?? '')).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('evnt'),
    });
  });
});
