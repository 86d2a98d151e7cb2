import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PushListener } from '../../src/adapters/uws/push-listener.ts';
import { PushService } from '../../src/generated/holdfast/v1/push_pb.ts';
import { PushFixture, realClock, TOKEN } from './push-fixture.ts';
import { SOCKET } from './recording-deliverer.ts';

const run = promisify(execFile);
const EMIT = { to: { everyone: true }, event: 'message', args: ['hi', { a: [1, null] }] };

describe('the short path of the push API', () => {
  let fixture: PushFixture;
  let listener: PushListener;
  let base: string;
  let url: string;

  beforeAll(async () => {
    fixture = new PushFixture();
    listener = new PushListener({ endpoint: fixture.endpoint, clock: realClock, maxBody: 20_000 });
    base = `http://127.0.0.1:${await listener.listen('127.0.0.1', 0)}`;
    url = `${base}/holdfast.v1.PushService`;
  });
  afterAll(() => listener.close());
  beforeEach(() => {
    fixture.deliverer.commands.length = 0;
  });

  const post = (method: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${url}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN.secret}`, ...headers },
      body,
    });

  it('answers curl', async () => {
    const { stdout } = await run('curl', [
      '-s',
      ...['-w', '%{http_code} %{content_type}'],
      ...['-H', 'Content-Type: application/json'],
      ...['-H', `Authorization: Bearer ${TOKEN.secret}`],
      ...['-d', JSON.stringify(EMIT)],
      `${url}/Emit`,
    ]);
    expect(stdout).toMatch(/^\{"messageId":"\d+"\}200 application\/json$/);
    expect(fixture.deliverer.commands[0]).toMatchObject({ body: { args: '["hi",{"a":[1,null]}]' } });
  });

  it.each([{ useBinaryFormat: false }, { useBinaryFormat: true }])(
    'answers Connect clients %j',
    async (form) => {
      const transport = createConnectTransport({ baseUrl: base, httpVersion: '1.1', ...form });
      const client = createClient(PushService, transport);
      const headers = { authorization: `Bearer ${TOKEN.secret}` };
      const kind = { case: 'stringValue', value: 'hi' } as const;
      const emitted = await client.emit(
        { to: { everyone: true }, event: 'e', args: [{ kind }] },
        { headers },
      );
      expect(emitted.messageId).toMatch(/^\d+$/);
      expect(fixture.deliverer.commands[0]).toMatchObject({ event: 'e', body: { args: '["hi"]' } });
      const listed = await client.listSockets({}, { headers });
      expect(listed.sockets[0]).toMatchObject(SOCKET);
      const batch = await client.batch(
        { items: [{ kind: { case: 'join', value: { to: { everyone: true }, rooms: ['r'] } } }] },
        { headers },
      );
      expect(batch.results[0]?.kind).toMatchObject({ case: 'join', value: { sockets: 3 } });
      const failed = await client.emit({ event: 'e' }, { headers }).catch(ConnectError.from);
      expect(failed).toMatchObject({ code: 3, rawMessage: expect.stringContaining('to: is required') });
    },
  );

  it('refuses a protobuf field of a later version, by its number', async () => {
    // Field 99, varint 1.
    const answer = await post('Emit', Buffer.of(0x98, 0x06, 0x01), { 'content-type': 'application/proto' });
    expect(await answer.json()).toEqual({ code: 'invalid_argument', message: 'unknown field #99' });
    const nested = Buffer.of(0x0a, 0x03, 0x98, 0x06, 0x01);
    const inner = await post('Emit', nested, { 'content-type': 'application/proto' });
    expect(await inner.json()).toEqual({ code: 'invalid_argument', message: 'unknown field to.#99' });
  });

  it('refuses what is not protobuf', async () => {
    const answer = await post('Emit', Buffer.of(0xff, 0xff), { 'content-type': 'application/proto' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'invalid_argument' });
  });

  it('refuses without the bearer token', async () => {
    const answer = await post('Emit', JSON.stringify(EMIT), { authorization: 'Bearer wrong' });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'unauthenticated' });
  });

  it('answers unimplemented for methods and paths that do not exist', async () => {
    for (const path of ['/holdfast.v1.PushService/Emitt', '/', '/holdfast.v1.EventService/Subscribe']) {
      const answer = await fetch(base + path, { method: 'POST', body: '{}' });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ code: 'unimplemented' });
    }
  });

  it('answers 405 to other verbs and 415 to other content', async () => {
    const got = await fetch(`${url}/Emit`);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    const text = await post('Emit', '{}', { 'content-type': 'text/plain' });
    expect([text.status, text.headers.get('accept-post')]).toEqual([
      415,
      'application/json, application/proto',
    ]);
  });

  it('takes JSON with a charset, and the version of the protocol', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8', 'connect-protocol-version': '1' };
    expect((await post('Emit', JSON.stringify(EMIT), headers)).status).toBe(200);
  });

  it('inflates gzip, within the limit, and nothing else', async () => {
    const packed = gzipSync(JSON.stringify(EMIT));
    expect((await post('Emit', packed, { 'content-encoding': 'gzip' })).status).toBe(200);
    const bomb = gzipSync(Buffer.alloc(30_000, 32));
    expect((await post('Emit', bomb, { 'content-encoding': 'gzip' })).status).toBe(429);
    expect((await post('Emit', 'no', { 'content-encoding': 'gzip' })).status).toBe(400);
    const stranger = await post('Emit', bomb, { 'content-encoding': 'gzip', authorization: '' });
    expect(stranger.status).toBe(401);
    const other = await post('Emit', packed, { 'content-encoding': 'br' });
    expect([other.status, other.headers.get('accept-encoding')]).toEqual([501, 'gzip, identity']);
    expect(await other.json()).toMatchObject({ code: 'unimplemented' });
  });

  it('refuses bodies beyond the limit, announced or not', async () => {
    const large = JSON.stringify({ ...EMIT, args: ['x'.repeat(20_000)] });
    const answer = await post('Emit', large);
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ code: 'resource_exhausted' });
    expect(fixture.deliverer.commands).toEqual([]);
  });

  it('takes a body that comes in many pieces', async () => {
    const body = JSON.stringify({ ...EMIT, args: ['é'.repeat(4_000)] });
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    const bytes = Buffer.from(body);
    socket.write(
      `POST /holdfast.v1.PushService/Emit HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
        `Authorization: Bearer ${TOKEN.secret}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    );
    for (let at = 0; at < bytes.length; at += 1001) {
      socket.write(bytes.subarray(at, at + 1001));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    );
    socket.destroy();
    expect(answer).toContain('HTTP/1.1 200 OK');
    expect(fixture.deliverer.commands[0]).toMatchObject({
      body: { args: JSON.stringify(['é'.repeat(4_000)]) },
    });
  });

  it('answers deadline_exceeded when Connect-Timeout-Ms passes before the acknowledgements', async () => {
    const pending = fixture.deliverer.emitWithAck;
    fixture.deliverer.emitWithAck = () => new Promise(() => undefined);
    const answer = await post('Emit', JSON.stringify({ ...EMIT, ack: {} }), { 'connect-timeout-ms': '50' });
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ code: 'deadline_exceeded' });
    fixture.deliverer.emitWithAck = pending;
    const wrong = await post('Emit', JSON.stringify(EMIT), { 'connect-timeout-ms': 'soon' });
    expect(wrong.status).toBe(400);
  });

  it('survives a client that leaves while its acknowledgements are awaited', async () => {
    const pending = fixture.deliverer.emitWithAck;
    let answered: (() => void) | undefined;
    fixture.deliverer.emitWithAck = () =>
      new Promise((resolve) => {
        answered = () => resolve({ answers: [], acked: 0, expected: 0, missing: [] });
      });
    const leaving = new AbortController();
    const call = fetch(`${url}/Emit`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN.secret}` },
      body: JSON.stringify({ ...EMIT, ack: {} }),
    });
    while (answered === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    leaving.abort();
    await expect(call).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 20));
    answered();
    fixture.deliverer.emitWithAck = pending;
    expect((await post('Emit', JSON.stringify(EMIT))).status).toBe(200);
  });

  it('refuses to share its port with another listener', async () => {
    const second = new PushListener({ endpoint: fixture.endpoint, clock: realClock, maxBody: 20_000 });
    await expect(second.listen('127.0.0.1', Number(new URL(base).port))).rejects.toMatchObject({
      code: 'unavailable',
    });
    second.close();
  });
});
