import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackendClient } from '../../src/adapters/connect/backend-client.ts';
import { createBackendClient } from '../../src/adapters/connect/create-backend-client.ts';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
import { NOTHING_TO_DO } from '../../src/runtime/ports/backend.ts';
import { type ClientNotes, clientOptions, ForwardClock } from './client-options.ts';
import { connectRecord, disconnectRecord, messageRecord, SOCKET, TRACE_ID } from './records.ts';
import { TestBackend } from './test-backend.ts';

const SELF = { ...NOBODY, sockets: [SOCKET.id] };

describe('a backend that speaks JSON', () => {
  let backend: TestBackend;
  let client: BackendClient;
  let url: string;
  let notes: ClientNotes;
  const clock = new ForwardClock();

  beforeEach(async () => {
    backend = new TestBackend();
    url = await backend.start();
    notes = { invalid: [], warnings: [] };
    client = createBackendClient(clientOptions(url, notes, { clock }));
  });
  afterEach(async () => {
    await client.close();
    await backend.stop();
  });

  const answering = (body: string, status = 200, headers = {}) => {
    backend.reply = () => ({ status, body, headers });
  };

  it('gets OnMessage with every field of the contract', async () => {
    const record = messageRecord('["hi",{"_placeholder":true,"num":0}]', {}, 3, [Buffer.of(1, 2, 3)]);
    expect(await client.call(record, [1, 2, 3, 4])).toBe(NOTHING_TO_DO);
    const call = backend.calls[0]!;
    expect(call.path).toBe('/holdfast.v1.BackendService/OnMessage');
    expect(call.headers).toMatchObject({
      'content-type': 'application/json',
      'connect-protocol-version': '1',
      'connect-timeout-ms': '2000',
      traceparent: expect.stringMatching(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`)),
      'x-time-gateway': '1',
      'x-time-log': '2',
      'x-time-api': '3',
      'x-time-backend': '4',
    });
    expect(call.headers).not.toHaveProperty('webhook-signature');
    expect(JSON.parse(call.text)).toEqual({
      socket: {
        id: '7331',
        user: 'u1',
        namespace: '/',
        rooms: ['doc-1'],
        transport: 'websocket',
        address: '203.0.113.7',
        locale: 'en',
        authType: 'web',
        clientVersion: '4.8.1',
        protocol: 'socket.io/5',
      },
      messageId: record.messageId,
      traceId: TRACE_ID,
      time: '2026-01-01T00:00:00.000Z',
      event: 'message',
      args: ['hi', { _placeholder: true, num: 0 }],
      attachments: ['AQID'],
      wantsAck: true,
    });
  });

  it('gets the text of the arguments as the client sent it', async () => {
    await client.call(messageRecord('[1.0,  1e3, "\\u00e9", 12345678901234567890]'));
    expect(backend.calls[0]!.text).toContain(
      '"args":[1.0,  1e3, "\\u00e9", 12345678901234567890],"attachments":[]',
    );
  });

  it('gets OnConnect with auth, query and headers, and OnDisconnect with the reason', async () => {
    await client.call(connectRecord({ rooms: [], user: '' }, '{"token":"t"}'));
    await client.call(connectRecord());
    await client.call(disconnectRecord());
    const [withAuth, without, gone] = backend.calls.map(
      (call) => JSON.parse(call.text) as Record<string, unknown>,
    );
    expect(backend.calls.map((call) => call.method)).toEqual(['OnConnect', 'OnConnect', 'OnDisconnect']);
    expect(withAuth).toMatchObject({
      socket: { user: '', rooms: [] },
      auth: { token: 't' },
      query: { EIO: '4' },
      headers: { host: 'h' },
    });
    expect(without).toMatchObject({ auth: null });
    expect(gone).toMatchObject({ reason: 'transport close' });
  });

  it('may live below a path', async () => {
    const below = createBackendClient(clientOptions(`${url}/hooks/`));
    await below.call(disconnectRecord());
    await below.close();
    expect(backend.calls[0]!.path).toBe('/hooks/holdfast.v1.BackendService/OnDisconnect');
  });

  it('is called over kept connections', async () => {
    for (let index = 0; index < 10; index++) await client.call(disconnectRecord());
    // Two: the pool frees a connection only after it told us the answer.
    expect(backend.connections).toBeLessThanOrEqual(2);
  });

  it('answers with an acknowledgement and actions, which act on the calling socket unless told', async () => {
    answering(
      JSON.stringify({
        ack: { args: ['ok', { _placeholder: true, num: 0 }], attachments: ['AQID'] },
        actions: [
          { emit: { event: 'welcome', args: [1] } },
          { join: { rooms: ['r'] } },
          { leave: { to: { users: ['u2'] }, rooms: ['r'], namespace: '/' } },
          { disconnect: { closeConnection: true } },
        ],
      }),
    );
    const answer = await client.call(messageRecord('[]', { namespace: '/chat' }, 1));
    expect(answer.ack).toEqual({
      args: '["ok",{"_placeholder":true,"num":0}]',
      attachments: [Buffer.of(1, 2, 3)],
    });
    expect(answer.actions).toMatchObject([
      { kind: 'emit', to: SELF, namespace: '/chat', event: 'welcome', body: { args: '[1]' }, ack: null },
      { kind: 'join', to: SELF, namespace: '/chat', rooms: ['r'] },
      { kind: 'leave', to: { ...NOBODY, users: ['u2'] }, namespace: '/', rooms: ['r'] },
      { kind: 'disconnect', to: SELF, namespace: '/chat', closeConnection: true },
    ]);
    expect(notes).toEqual({ invalid: [], warnings: [] });
  });

  it.each([
    ['', 204],
    ['', 200],
    ['{}', 200],
    ['null', 200],
    ['OK', 200],
    ['{"actions":[]}', 201],
    ['{"ack":null,"actions":null}', 200],
  ])('answers nothing with %j and status %i', async (body, status) => {
    answering(body, status);
    expect(await client.call(messageRecord('[]'))).toEqual({ ack: null, actions: [] });
    expect(notes.invalid).toEqual([]);
  });

  it('is acknowledged with no arguments by an empty ack', async () => {
    answering('{"ack":{}}');
    expect((await client.call(messageRecord('[]', {}, 1))).ack).toEqual({ args: '[]', attachments: [] });
  });

  it('is warned of unknown fields once for each name, and the rest of its answer holds', async () => {
    answering(
      '{"status":"ok","actions":[{"emit":{"evnt":1,"event":"a"}},{"emit":{"evnt":2,"event":"b"},"x":1}]}',
    );
    for (let index = 0; index < 2; index++) {
      const { actions } = await client.call(messageRecord('[]'));
      expect(actions).toMatchObject([{ event: 'a' }, { event: 'b' }]);
    }
    expect(notes.warnings.map(({ field }) => field)).toEqual([
      'status',
      'actions[].emit.evnt',
      'actions[].x',
    ]);
    expect(notes.invalid).toEqual([]);
  });

  it('loses only the actions that make no sense, counted', async () => {
    answering(
      JSON.stringify({
        ack: { args: [{ _placeholder: true, num: 5 }] },
        actions: [
          { emit: { event: 'connect' } },
          { fly: {} },
          7,
          { join: { rooms: 7 } },
          { emit: { event: 'ok' } },
        ],
      }),
    );
    const answer = await client.call(messageRecord('[]', {}, 1));
    expect(answer.ack).toBeNull();
    expect(answer.actions).toMatchObject([{ event: 'ok' }]);
    expect(notes.invalid).toEqual(['ack', 'action', 'action', 'action', 'action']);
  });

  it('is not asked again because its answer is broken JSON', async () => {
    answering('{"ack":');
    expect(await client.call(messageRecord('[]'))).toBe(NOTHING_TO_DO);
    expect(notes.invalid).toEqual(['answer']);
  });

  it('cannot make clients’ acknowledgements wait for nobody', async () => {
    answering('{"actions":[{"emit":{"event":"e","ack":{"timeout":"5s"}}}]}');
    expect((await client.call(messageRecord('[]'))).actions).toMatchObject([{ event: 'e', ack: null }]);
    expect(notes.warnings).toEqual([{ field: 'actions[].emit.ack' }]);
  });

  it.each([
    [404, '<html>', 'unimplemented'],
    [404, '{"code":"not_found","message":"x"}', 'unimplemented'],
    [501, '', 'unimplemented'],
    [501, '{"code":"unimplemented","message":"x"}', 'unimplemented'],
  ])('that answers %i %s is not called for that method for a while', async (status, body, code) => {
    answering(body, status);
    await expect(client.call(messageRecord('[]'))).rejects.toMatchObject({ code });
    expect(client.hears('message')).toBe(false);
    expect(client.hears('connect')).toBe(true);
    clock.ahead += 60_000;
    expect(client.hears('message')).toBe(true);
  });

  it.each([
    [400, '', 'invalid_argument'],
    [401, '', 'unauthenticated'],
    [403, '', 'permission_denied'],
    [413, '', 'failed_precondition'],
    [429, '', 'resource_exhausted'],
    [500, '<html>', 'internal'],
    [502, '', 'unavailable'],
    [503, '', 'unavailable'],
    [504, '', 'deadline_exceeded'],
    [599, '', 'unknown'],
    [400, '{"code":"failed_precondition","message":"x"}', 'failed_precondition'],
    [500, '{"code":"no such code"}', 'internal'],
    [500, '{"code":"toString"}', 'internal'],
  ])('that answers %i %s failed with %s', async (status, body, code) => {
    answering(body, status);
    await expect(client.call(messageRecord('[]'))).rejects.toMatchObject({ name: 'HoldfastError', code });
    expect(client.hears('message')).toBe(true);
  });

  it('cannot redirect calls elsewhere', async () => {
    answering('', 307, { location: `${url}/elsewhere` });
    await expect(client.call(messageRecord('[]'))).rejects.toMatchObject({ code: 'failed_precondition' });
    expect(backend.calls).toHaveLength(1);
  });

  it('has until the deadline', async () => {
    const hasty = createBackendClient(clientOptions(url, notes, { timeout: 50 }));
    backend.reply = () => ({ delay: 500 });
    await expect(hasty.call(messageRecord('[]'))).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await hasty.close();
  });

  it('cannot fill the memory with its answer', async () => {
    answering(`{"x":"${'x'.repeat(200_000)}"}`);
    await expect(client.call(messageRecord('[]'))).rejects.toMatchObject({ code: 'out_of_range' });
  });

  it('is unavailable when it breaks off or is not there', async () => {
    backend.reply = () => ({ breakOff: true });
    await expect(client.call(messageRecord('[]'))).rejects.toMatchObject({ code: 'unavailable' });
    const nobody = createBackendClient(clientOptions('http://127.0.0.1:1'));
    await expect(nobody.call(messageRecord('[]'))).rejects.toMatchObject({ code: 'unavailable' });
    await nobody.close();
  });

  it('can verify the signature with a library of Standard Webhooks', async () => {
    const base64 = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    for (const secret of [`whsec_${base64}`, base64]) {
      const signing = createBackendClient(clientOptions(url, notes, { secret }));
      const record = messageRecord('["é",{"a":1}]');
      await signing.call(record);
      await signing.close();
      const { text, headers } = backend.calls.at(-1)!;
      expect(headers['webhook-id']).toBe(record.messageId);
      const verified = new Webhook(secret).verify(text, headers as Record<string, string>);
      expect(verified).toMatchObject({ args: ['é', { a: 1 }] });
      const forged = text.replace('é', 'e');
      expect(() => new Webhook(secret).verify(forged, headers as Record<string, string>)).toThrow();
    }
  });

  it('can verify the signature by hand with any secret', async () => {
    const secret = 'not base64, just a secret';
    const signing = createBackendClient(clientOptions(url, notes, { secret }));
    await signing.call(messageRecord('[]'));
    await signing.close();
    const { text, headers } = backend.calls[0]!;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
    );
    const raw = new Webhook(secret, { format: 'raw' });
    expect(raw.verify(text, headers as Record<string, string>)).toMatchObject({ event: 'message' });
  });
});
