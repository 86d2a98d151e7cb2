import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GrpcListener } from '../../src/adapters/connect/grpc-listener.ts';
import { AnswerReader } from '../../src/runtime/backend/answer-reader.ts';
import { EventSubscribers } from '../../src/runtime/backend/event-subscribers.ts';
import { PushFixture, realClock, silentLog, TOKEN } from './push-fixture.ts';

const MOST_IDLE = 150;

describe('an HTTP/2 session on the gRPC port', () => {
  let fixture: PushFixture;
  let listener: GrpcListener;
  let session: ClientHttp2Session;

  beforeEach(async () => {
    fixture = new PushFixture();
    listener = new GrpcListener({
      endpoint: fixture.endpoint,
      subscribers: new EventSubscribers({ clock: realClock, timeout: 1000, grace: 0 }),
      reader: new AnswerReader(silentLog, realClock, {
        invalid: () => undefined,
        lineHeldBack: () => undefined,
      }),
      maxBody: 20_000,
      log: silentLog,
      mostIdle: MOST_IDLE,
    });
    session = connect(`http://127.0.0.1:${await listener.listen('127.0.0.1', 0)}`);
  });
  afterEach(async () => {
    session.destroy();
    await listener.close(0);
  });

  const closed = () => new Promise<void>((resolve) => session.once('close', () => resolve()));

  const emit = (ack: object | undefined) =>
    new Promise<unknown>((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/holdfast.v1.PushService/Emit',
        'content-type': 'application/json',
        authorization: `Bearer ${TOKEN.secret}`,
      });
      stream.on('error', reject);
      stream.on('response', (headers) => resolve(headers[':status']));
      stream.resume().end(JSON.stringify({ to: { everyone: true }, event: 'e', ack }));
    });

  it('is closed when nothing has been called on it for a while', async () => {
    const goAway = new Promise<number>((resolve) => session.once('goaway', resolve));
    await closed();
    // NO_ERROR (RFC 9113 §7).
    expect(await goAway).toBe(0);
  });

  it('is closed only after its last call, not in the middle of one', async () => {
    let answer = () => {};
    fixture.deliverer.emitWithAck = () =>
      new Promise((resolve) => {
        answer = () => resolve({ answers: [], acked: 0, expected: 0, missing: [] });
      });
    const status = emit({});
    await sleep(2 * MOST_IDLE);
    expect(session.closed).toBe(false);
    answer();
    expect(await status).toBe(200);
    const answeredAt = performance.now();
    await closed();
    expect(performance.now() - answeredAt).toBeGreaterThan(MOST_IDLE / 2);
  });
});
