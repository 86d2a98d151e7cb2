import { createHmac } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BackendClient } from '../../src/adapters/connect/backend-client.ts';
import { createBackendClient } from '../../src/adapters/connect/create-backend-client.ts';
import { OnMessageRequestSchema } from '../../src/generated/holdfast/v1/backend_pb.ts';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
import { type ClientNotes, clientOptions } from './client-options.ts';
import { ConnectBackend } from './connect-backend.ts';
import { connectRecord, disconnectRecord, messageRecord, SOCKET, TRACE_ID } from './records.ts';

const SECRET = 'a secret of no special form';

describe.each([
  { scheme: 'http+proto', version: 1, protocol: 'connect' },
  { scheme: 'grpc', version: 2, protocol: 'grpc' },
] as const)('a backend at $scheme://', ({ scheme, version, protocol }) => {
  const backend = new ConnectBackend();
  let client: BackendClient;
  let address: string;
  let notes: ClientNotes;

  beforeAll(async () => {
    address = `${scheme}://${await backend.start(version)}`;
  });
  afterAll(() => backend.stop());
  beforeEach(() => {
    backend.failure = null;
    backend.calls.length = 0;
    notes = { invalid: [], warnings: [] };
    client = createBackendClient(clientOptions(address, notes, { secret: SECRET }));
    return () => client.close();
  });

  it('gets every field, and its answer is carried back', async () => {
    const record = messageRecord('["hi",{"_placeholder":true,"num":0}]', {}, 1, [Uint8Array.of(1, 2, 3)]);
    const answer = await client.call(record, [1, 2, 3, 4]);
    const { request, headers, protocol: spoken } = backend.calls[0]!;
    expect(spoken).toBe(protocol);
    expect(client.rpcSystem).toBe(protocol === 'grpc' ? 'grpc' : 'connect_rpc');
    expect(request).toMatchObject({
      socket: SOCKET,
      messageId: record.messageId,
      traceId: TRACE_ID,
      time: { seconds: BigInt(Date.UTC(2026, 0, 1) / 1000) },
      event: 'message',
      attachments: [Uint8Array.of(1, 2, 3)],
      wantsAck: true,
    });
    expect(headers.get('traceparent')).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`));
    const times = ['gateway', 'log', 'api', 'backend'].map((stage) => headers.get(`x-time-${stage}`));
    expect(times).toEqual(['1', '2', '3', '4']);
    expect(answer).toMatchObject({
      ack: { args: '["hi",{"_placeholder":true,"num":0}]', attachments: [Uint8Array.of(1, 2, 3)] },
      actions: [
        { kind: 'emit', to: { ...NOBODY, rooms: ['r'] }, event: 'e', body: { args: '["hi"]' } },
        { kind: 'disconnect', to: { ...NOBODY, sockets: [SOCKET.id] } },
      ],
    });
    expect(notes.invalid).toEqual(['action']);
  });

  it('gets OnConnect', async () => {
    const answer = await client.call(connectRecord({}, '{"token":"t"}'));
    expect(backend.calls[0]!.request).toMatchObject({
      auth: { kind: { case: 'structValue', value: { fields: { token: { kind: { value: 't' } } } } } },
      query: { EIO: '4' },
      headers: { host: 'h' },
    });
    expect(answer.actions).toMatchObject([{ kind: 'join', rooms: ['r'], to: { sockets: [SOCKET.id] } }]);
  });

  it('can verify the signature over the message’s bytes', async () => {
    await client.call(messageRecord('[{"a":[1,null,true]}]'));
    const { request, headers } = backend.calls[0]!;
    const hmac = createHmac('sha256', SECRET)
      .update(`${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.`)
      .update(toBinary(OnMessageRequestSchema, create(OnMessageRequestSchema, request as never)));
    expect(headers.get('webhook-signature')).toBe(`v1,${hmac.digest('base64')}`);
  });

  it('is not called for a method it does not implement', async () => {
    await expect(client.call(disconnectRecord())).rejects.toMatchObject({ code: 'unimplemented' });
    expect(client.hears('disconnect')).toBe(false);
    expect(client.hears('message')).toBe(true);
  });

  it.each([
    [Code.Unavailable, 'unavailable'],
    [Code.InvalidArgument, 'invalid_argument'],
    [Code.Internal, 'internal'],
  ])('fails with the code %i it gave', async (given, code) => {
    backend.failure = new ConnectError('x', given);
    await expect(client.call(messageRecord('[]'))).rejects.toMatchObject({ name: 'HoldfastError', code });
  });

  it('is unavailable when it is not there', async () => {
    const nobody = createBackendClient(clientOptions(`${scheme}://127.0.0.1:1`));
    await expect(nobody.call(messageRecord('[]'))).rejects.toMatchObject({ code: 'unavailable' });
    await nobody.close();
  });

  describe('asked who a client is', () => {
    const question = {
      attempt: {
        token: 't',
        auth: '{"token":"t"}',
        query: { a: '1' },
        headers: {},
        address: '203.0.113.7',
        namespace: '/',
        socket: '9',
      },
      messageId: '1',
      traceId: TRACE_ID,
      time: 0,
    };

    it('names the user and the end of the login', async () => {
      expect(await client.authenticate(question)).toEqual({ user: 'u1', expiresAt: 2_000_000_000_000 });
      expect(backend.calls[0]!.request).toMatchObject({
        socket: { id: '9', namespace: '/', address: '203.0.113.7' },
        token: 't',
        query: { a: '1' },
      });
    });

    it('refuses with a message and a detail', async () => {
      const value = create(ValueSchema, { kind: { case: 'stringValue', value: 'why' } });
      backend.failure = new ConnectError('no', Code.PermissionDenied, undefined, [
        { desc: ValueSchema, value: value as never },
      ]);
      await expect(client.authenticate(question)).rejects.toMatchObject({
        name: 'AuthenticationFailed',
        message: 'no',
        data: 'why',
      });
    });

    it('can be in trouble', async () => {
      backend.failure = new ConnectError('x', Code.Unavailable);
      await expect(client.authenticate(question)).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
});
