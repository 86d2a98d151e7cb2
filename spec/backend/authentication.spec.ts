import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackendClient } from '../../src/adapters/connect/backend-client.ts';
import { createBackendClient } from '../../src/adapters/connect/create-backend-client.ts';
import { BackendAuthenticator } from '../../src/runtime/backend/backend-authenticator.ts';
import type { AuthenticationAttempt } from '../../src/runtime/ports/authenticator.ts';
import type { Tracer } from '../../src/runtime/trace/tracer.ts';
import { realClock, silentLog } from '../push/push-fixture.ts';
import { recordSpans } from '../traces/recorded-spans.ts';
import { clientOptions } from './client-options.ts';
import { TestBackend } from './test-backend.ts';

const ATTEMPT: AuthenticationAttempt = {
  token: 't0ken',
  auth: '{"token":"t0ken"}',
  query: { EIO: '4' },
  headers: { 'user-agent': 'test' },
  address: '203.0.113.7',
  namespace: '/chat',
  socket: '77',
};

describe('auth.mode=backend', () => {
  let backend: TestBackend;
  let client: BackendClient;
  let authenticator: BackendAuthenticator;
  let counted: string[];

  beforeEach(async () => {
    backend = new TestBackend();
    client = createBackendClient(
      clientOptions(await backend.start(), undefined, { timeout: 300, secret: 's' }),
    );
    counted = [];
    authenticator = authenticatorWith();
  });
  afterEach(async () => {
    await client.close();
    await backend.stop();
  });

  /** Traced by `tracer`; by nobody without one. */
  const authenticatorWith = (tracer?: Tracer) =>
    new BackendAuthenticator({
      caller: client,
      nextId: () => '123',
      clock: realClock,
      random: { bytes: (size) => randomBytes(size) },
      metrics: { lineHeldBack: () => {}, called: (method, code) => counted.push(`${method} ${code}`) },
      log: silentLog,
      tracer,
    });

  const refusal = async (status: number, body: string) => {
    backend.reply = () => ({ status, body });
    const error = await Promise.resolve(authenticator.authenticate(ATTEMPT)).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'AuthenticationFailed' });
    const { message, data } = error as { message: string; data: unknown };
    return { message, data };
  };

  it('asks OnAuthenticate with all there is to know, signed', async () => {
    backend.reply = () => ({ body: '{"user":"u1","expiresAt":"2026-01-01T00:00:00.500Z"}' });
    expect(await authenticator.authenticate(ATTEMPT)).toEqual({
      user: 'u1',
      expiresAt: Date.UTC(2026, 0, 1, 0, 0, 0, 500),
    });
    const { method, headers, text } = backend.calls[0]!;
    expect(method).toBe('OnAuthenticate');
    expect(headers).toMatchObject({
      'webhook-id': '123',
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
    expect(JSON.parse(text)).toMatchObject({
      socket: { id: '77', namespace: '/chat', address: '203.0.113.7' },
      messageId: '123',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      time: expect.stringMatching(/Z$/),
      auth: { token: 't0ken' },
      query: { EIO: '4' },
      headers: { 'user-agent': 'test' },
      token: 't0ken',
    });
    expect(counted).toEqual(['OnAuthenticate ok']);
  });

  it('is a trace, whose span the backend gets as the parent of what it does', async () => {
    const { spans, tracer } = recordSpans();
    const traced = authenticatorWith(tracer);
    await traced.authenticate(ATTEMPT);
    backend.reply = () => ({ status: 401, body: '{"code":"unauthenticated","message":"no"}' });
    await expect(traced.authenticate(ATTEMPT)).rejects.toThrow('no');
    backend.reply = () => ({ status: 503, body: '' });
    await expect(traced.authenticate(ATTEMPT)).rejects.toThrow('backend unavailable');
    const { traceId } = JSON.parse(backend.calls[0]!.text) as { traceId: string };
    expect(spans[0]).toMatchObject({
      traceId,
      parentId: '',
      name: 'holdfast.v1.BackendService/OnAuthenticate',
      kind: 'client',
    });
    expect(spans[0]!.attributes).toMatchObject({
      'rpc.system': 'connect_rpc',
      'rpc.method': 'OnAuthenticate',
      'holdfast.socket.id': '77',
      'holdfast.namespace': '/chat',
    });
    expect(spans.map(({ error }) => error)).toEqual(['', 'unauthenticated', 'unavailable']);
    expect(backend.calls.map(({ headers }) => headers.traceparent)).toEqual(
      spans.map((span) => `00-${span.traceId}-${span.spanId}-01`),
    );
  });

  it('tells the backend when its trace is not sampled, and leaves that to it when nobody traces', async () => {
    const { spans, tracer } = recordSpans(0);
    await authenticatorWith(tracer).authenticate(ATTEMPT);
    await authenticator.authenticate(ATTEMPT);
    expect(backend.calls.map(({ headers }) => String(headers.traceparent).slice(-3))).toEqual(['-00', '-01']);
    expect(spans).toEqual([]);
  });

  it('lets users in for ever, and people without a name, when the backend says so', async () => {
    backend.reply = () => ({ body: '{"later":"fields"}' });
    expect(await authenticator.authenticate(ATTEMPT)).toEqual({
      user: '',
      expiresAt: Number.POSITIVE_INFINITY,
    });
  });

  it('refuses with the backend’s message and data', async () => {
    const body = '{"code":"unauthenticated","message":"wrong password","data":{"tries":2}}';
    expect(await refusal(401, body)).toEqual({ message: 'wrong password', data: { tries: 2 } });
    expect(await refusal(403, '{"message":"not you"}')).toEqual({ message: 'not you', data: undefined });
    expect(await refusal(400, '{"code":"invalid_argument"}')).toEqual({
      message: 'invalid_argument',
      data: undefined,
    });
    expect(await refusal(500, '{"code":"unknown","message":"odd"}')).toEqual({
      message: 'odd',
      data: undefined,
    });
    expect(counted[0]).toBe('OnAuthenticate unauthenticated');
  });

  it('takes data from Connect’s details: a JSON value, or what debugging shows', async () => {
    const value = Buffer.of(0x1a, 0x03, 0x77, 0x68, 0x79).toString('base64');
    const details = (detail: object) =>
      JSON.stringify({ code: 'unauthenticated', message: 'm', details: [detail] });
    expect(await refusal(401, details({ type: 'google.protobuf.Value', value }))).toMatchObject({
      data: 'why',
    });
    expect(await refusal(401, details({ type: 'my.Why', value: '', debug: { a: 1 } }))).toMatchObject({
      data: { a: 1 },
    });
    expect(await refusal(401, details({ free: 'form' }))).toMatchObject({ data: [{ free: 'form' }] });
  });

  it('refuses plainly when the backend refuses without words', async () => {
    expect(await refusal(401, 'Unauthorized')).toEqual({ message: 'authentication failed', data: undefined });
  });

  it.each([
    [404, ''],
    [500, '<html>'],
    [503, '{"code":"unavailable","message":"restarting"}'],
    [302, ''],
    [200, 'OK'],
    [200, '{"user":7}'],
    [200, '{"expiresAt":"tomorrow"}'],
  ])('refuses with "backend unavailable" when the backend answers %i %s', async (status, body) => {
    expect(await refusal(status, body)).toEqual({ message: 'backend unavailable', data: undefined });
  });

  it('refuses with "backend unavailable" when the backend does not answer in time or at all', async () => {
    backend.reply = () => ({ delay: 1_000 });
    await expect(authenticator.authenticate(ATTEMPT)).rejects.toMatchObject({
      message: 'backend unavailable',
    });
    backend.reply = () => ({ breakOff: true });
    await expect(authenticator.authenticate(ATTEMPT)).rejects.toMatchObject({
      message: 'backend unavailable',
    });
    expect(counted).toEqual(['OnAuthenticate deadline_exceeded', 'OnAuthenticate unavailable']);
  });
});
