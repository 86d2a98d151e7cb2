import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GrpcListener } from '../../src/adapters/connect/grpc-listener.ts';
import { PushService } from '../../src/generated/holdfast/v1/push_pb.ts';
import { AnswerReader } from '../../src/runtime/backend/answer-reader.ts';
import { EventSubscribers } from '../../src/runtime/backend/event-subscribers.ts';
import { recordSpans } from '../traces/recorded-spans.ts';
import { PushFixture, realClock, silentLog, TOKEN } from './push-fixture.ts';
import { SOCKET } from './recording-deliverer.ts';

const headers = { authorization: `Bearer ${TOKEN.secret}` };

describe('the gRPC port', () => {
  const { tracer, spans } = recordSpans();
  let fixture: PushFixture;
  let listener: GrpcListener;
  let baseUrl: string;

  beforeAll(async () => {
    fixture = new PushFixture(realClock, [TOKEN], tracer);
    listener = new GrpcListener({
      endpoint: fixture.endpoint,
      subscribers: new EventSubscribers({ clock: realClock, timeout: 1000, grace: 0 }),
      reader: new AnswerReader(silentLog, realClock, {
        invalid: () => undefined,
        lineHeldBack: () => undefined,
      }),
      maxBody: 20_000,
      log: silentLog,
    });
    baseUrl = `http://127.0.0.1:${await listener.listen('127.0.0.1', 0)}`;
  });
  afterAll(() => listener.close());
  beforeEach(() => {
    fixture.deliverer.commands.length = 0;
    fixture.deliverer.failing = '';
  });

  const transports: Record<string, () => Transport> = {
    gRPC: () => createGrpcTransport({ baseUrl }),
    'gRPC-Web over HTTP/1.1': () => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
    'gRPC-Web over HTTP/2': () => createGrpcWebTransport({ baseUrl, httpVersion: '2' }),
    'Connect JSON over HTTP/1.1': () => createConnectTransport({ baseUrl, httpVersion: '1.1' }),
    'Connect JSON over HTTP/2': () => createConnectTransport({ baseUrl, httpVersion: '2' }),
    'Connect protobuf over HTTP/1.1': () =>
      createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true }),
    'Connect JSON with a deadline': () =>
      createConnectTransport({ baseUrl, httpVersion: '1.1', defaultTimeoutMs: 5000 }),
  };

  describe.each(Object.keys(transports))('by %s', (name) => {
    const client = () => createClient(PushService, transports[name]!());

    it('emits, asks and lists', async () => {
      const kind = { case: 'stringValue', value: 'hi' } as const;
      fixture.deliverer.ackResult = {
        answers: [{ socket: '1', body: { args: '["ok"]', attachments: [] } }],
        acked: 1,
        expected: 2,
        missing: ['2'],
      };
      const answered = await client().emit(
        { to: { rooms: ['r'] }, event: 'e', args: [{ kind }], ack: { timeout: { seconds: 1n } } },
        { headers },
      );
      expect(answered).toMatchObject({
        acks: [{ socket: '1', args: [{ kind: { case: 'stringValue', value: 'ok' } }] }],
        missing: ['2'],
      });
      expect(fixture.deliverer.commands[0]).toMatchObject({
        event: 'e',
        pushedBy: 'billing',
        body: { args: '["hi"]' },
        ack: { timeout: 1000 },
      });
      const listed = await client().listSockets({ pageSize: 1 }, { headers });
      expect(listed.sockets[0]).toMatchObject(SOCKET);
      expect(await client().countSockets({}, { headers })).toMatchObject({ sockets: 0, users: 0 });
    });

    it('is traced, and the span says which protocol it was', async () => {
      const traceId = name.length.toString(16).padStart(32, 'a');
      const traced = { ...headers, traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` };
      await client().emit({ to: { everyone: true }, event: 'e' }, { headers: traced });
      await client()
        .emit({ event: 'e' }, { headers: traced })
        .catch(() => {});
      const [done, refused] = spans.filter((span) => span.traceId === traceId);
      const isGrpc = name.startsWith('gRPC');
      expect(done).toMatchObject({ name: 'holdfast.v1.PushService/Emit', kind: 'server', error: '' });
      expect(done!.attributes).toMatchObject({
        'rpc.system': isGrpc ? 'grpc' : 'connect_rpc',
        'holdfast.pushed_by': 'billing',
      });
      const failure = isGrpc
        ? { 'rpc.grpc.status_code': 3 }
        : { 'rpc.connect_rpc.error_code': 'invalid_argument' };
      expect(refused!.attributes).toMatchObject(failure);
    });

    it('refuses with the same errors as the short path', async () => {
      const refused = async (call: Promise<unknown>) => ConnectError.from(await call.catch((error) => error));
      expect(await refused(client().emit({ event: 'e' }, { headers }))).toMatchObject({
        code: Code.InvalidArgument,
        rawMessage: 'to: is required: name sockets, users, rooms or everyone',
      });
      expect(await refused(client().emit({ to: { everyone: true }, event: 'e' }))).toMatchObject({
        code: Code.Unauthenticated,
      });
      fixture.deliverer.failing = 'e';
      expect(await refused(client().emit({ to: { everyone: true }, event: 'e' }, { headers }))).toMatchObject(
        {
          code: Code.Unavailable,
          rawMessage: 'the bus is away',
        },
      );
    });
  });

  it('names unknown JSON fields, with a deadline too', async () => {
    for (const extra of [{}, { 'connect-timeout-ms': '1000' }]) {
      const answer = await fetch(`${baseUrl}/holdfast.v1.PushService/Emit`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers, ...extra } as Record<string, string>,
        body: '{"to":{"user":["u1"]},"event":"e"}',
      });
      expect(answer.status).toBe(400);
      const body = (await answer.json()) as { code: string; message: string };
      expect(body.code).toBe('invalid_argument');
      expect(body.message).toMatch(/user/);
    }
  });

  it('refuses bodies beyond the limit', async () => {
    const answer = await fetch(`${baseUrl}/holdfast.v1.PushService/Emit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: `{"to":{"everyone":true},"event":"e","args":["${'x'.repeat(20_000)}"]}`,
    });
    expect(answer.status).toBe(429);
    expect(fixture.deliverer.commands).toEqual([]);
  });

  it('takes an HTTP/2 preface that comes in single bytes', async () => {
    const { port } = new URL(baseUrl);
    const socket = connect(Number(port), '127.0.0.1');
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    for (const byte of preface) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    // A SETTINGS frame: type 4 in byte 3.
    expect(answer[3]).toBe(4);
    socket.destroy();
  });

  it('survives connections that end in the middle of their first bytes', async () => {
    const { port } = new URL(baseUrl);
    for (const start of ['', 'P', 'PR', 'PRI * HT', 'POST / HT']) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(start);
      await new Promise((resolve) => setTimeout(resolve, 5));
      socket.resetAndDestroy();
    }
    const session = connectHttp2(baseUrl);
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    session.close();
  });
});
