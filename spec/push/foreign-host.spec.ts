import { execFile } from 'node:child_process';
import { connect as connectHttp2 } from 'node:http2';
import { promisify } from 'node:util';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, it } from 'vitest';
import { GrpcListener } from '../../src/adapters/connect/grpc-listener.ts';
import { PushListener } from '../../src/adapters/uws/push-listener.ts';
import { PushService } from '../../src/generated/holdfast/v1/push_pb.ts';
import { AnswerReader } from '../../src/runtime/backend/answer-reader.ts';
import { EventSubscribers } from '../../src/runtime/backend/event-subscribers.ts';
import { PushFixture, realClock, silentLog, TOKEN } from './push-fixture.ts';

const run = promisify(execFile);
const EMIT = JSON.stringify({ to: { everyone: true }, event: 'e' });
const METHOD = '/holdfast.v1.PushService/Emit';
const FOREIGN = [
  'evil.example',
  'evil.example:8081',
  'localhost.evil.example',
  '10.1.2.3',
  '127.0.0.1.evil.example',
];

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close();
});

async function shortPath(tokens: (typeof TOKEN)[] = []): Promise<number> {
  const { endpoint } = new PushFixture(realClock, tokens);
  const listener = new PushListener({ endpoint, clock: realClock, maxBody: 20_000 });
  open.push(listener);
  return listener.listen('127.0.0.1', 0);
}

async function grpcPort(tokens: (typeof TOKEN)[] = []): Promise<number> {
  const { endpoint } = new PushFixture(realClock, tokens);
  const listener = new GrpcListener({
    endpoint,
    subscribers: new EventSubscribers({ clock: realClock, timeout: 1000, grace: 0 }),
    reader: new AnswerReader(silentLog, realClock, {
      invalid: () => undefined,
      lineHeldBack: () => undefined,
    }),
    maxBody: 20_000,
    log: silentLog,
  });
  open.push(listener);
  return listener.listen('127.0.0.1', 0);
}

/** Status and body of what curl gets; a later `-H` without value leaves the header out. */
async function curl(port: number, ...options: string[]): Promise<{ status: number; body: string }> {
  const { stdout } = await run('curl', [
    ...['-s', '-w', '\n%{http_code}', '-d', EMIT, '-H', 'Content-Type: application/json'],
    ...options,
    ...(options.some((option) => option.startsWith('http://')) ? [] : [`http://127.0.0.1:${port}${METHOD}`]),
  ]);
  const [body = '', status] = stdout.split('\n');
  return { status: Number(status), body };
}

describe.each([
  { name: 'the short path', start: shortPath },
  { name: 'the gRPC port', start: grpcPort },
])('without push.tokens, $name', ({ start }) => {
  it('refuses requests to the name of a web page that resolves to loopback (DNS rebinding)', async () => {
    const port = await start();
    for (const host of FOREIGN) {
      const { status, body } = await curl(port, '-H', `Host: ${host}`);
      expect([host, status]).toEqual([host, 403]);
      expect(JSON.parse(body)).toEqual({
        code: 'permission_denied',
        message: 'without push.tokens this listener answers only requests to localhost, 127.0.0.1 or [::1]',
      });
    }
  });

  it('answers requests to the names of loopback, whatever the port', async () => {
    const port = await start();
    for (const host of [`127.0.0.1:${port}`, 'localhost', 'LOCALHOST:9', '127.1.2.3', '[::1]:8081']) {
      expect([host, (await curl(port, '-H', `Host: ${host}`)).status]).toEqual([host, 200]);
    }
    expect((await curl(port, `http://localhost:${port}${METHOD}`)).status).toBe(200);
  });

  it('asks for no name where a token must be shown', async () => {
    const port = await start([TOKEN]);
    const { status } = await curl(
      port,
      '-H',
      'Host: push.example',
      '-H',
      `Authorization: Bearer ${TOKEN.secret}`,
    );
    expect(status).toBe(200);
  });
});

describe('without push.tokens, the gRPC port', () => {
  it('answers HTTP/1.0 without Host, which no browser speaks', async () => {
    expect((await curl(await grpcPort(), '--http1.0', '-H', 'Host:')).status).toBe(200);
  });

  it('asks HTTP/2 for its :authority', async () => {
    const port = await grpcPort();
    const statusOf = (authority: string) =>
      new Promise((resolve, reject) => {
        const session = connectHttp2(`http://127.0.0.1:${port}`).on('error', reject);
        const stream = session.request({
          ':method': 'POST',
          ':path': METHOD,
          ':authority': authority,
          'content-type': 'application/json',
        });
        stream.on('response', (headers) => {
          resolve(headers[':status']);
          session.destroy();
        });
        stream.end(EMIT);
      });
    expect(await statusOf('evil.example')).toBe(403);
    expect(await statusOf(`localhost:${port}`)).toBe(200);
  });

  it('answers gRPC clients, and refuses those that come by another name', async () => {
    const port = await grpcPort();
    const baseUrl = `http://127.0.0.1:${port}`;
    const request = { to: { everyone: true }, event: 'e' };
    const client = createClient(PushService, createGrpcTransport({ baseUrl }));
    expect((await client.emit(request)).messageId).toMatch(/^\d+$/);
    const elsewhere = createClient(
      PushService,
      createGrpcTransport({
        baseUrl: `http://evil.example:${port}`,
        nodeOptions: {
          lookup: (_name, options, done) =>
            done(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4),
        },
      }),
    );
    const failure = await elsewhere.emit(request).catch(ConnectError.from);
    expect(failure).toMatchObject({ code: Code.PermissionDenied });
  });
});
