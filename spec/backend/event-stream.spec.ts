import { setTimeout as sleep } from 'node:timers/promises';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GrpcListener } from '../../src/adapters/connect/grpc-listener.ts';
import { Outbox } from '../../src/adapters/connect/outbox.ts';
import {
  EventService,
  type SubscribeRequest,
  SubscribeRequestSchema,
  type SubscribeResponse,
} from '../../src/generated/holdfast/v1/events_pb.ts';
import { AnswerReader } from '../../src/runtime/backend/answer-reader.ts';
import { EventSubscribers } from '../../src/runtime/backend/event-subscribers.ts';
import { PushFixture, realClock, silentLog, TOKEN } from '../push/push-fixture.ts';
import { connectRecord, disconnectRecord, messageRecord, SOCKET } from './records.ts';

/** A backend that dialled in. */
class Subscription {
  readonly #requests = new Outbox<SubscribeRequest>();
  readonly #events: AsyncIterator<SubscribeResponse>;

  constructor(baseUrl: string, secret = TOKEN.secret, transport = createGrpcTransport({ baseUrl })) {
    const client = createClient(EventService, transport);
    const headers = { authorization: `Bearer ${secret}` };
    this.#events = client.subscribe(this.#requests, { headers })[Symbol.asyncIterator]();
  }

  say(kind: MessageInitShape<typeof SubscribeRequestSchema>['kind']): this {
    this.#requests.put(create(SubscribeRequestSchema, { kind }));
    return this;
  }

  start(maxInFlight = 0): this {
    return this.say({ case: 'start', value: { maxInFlight } });
  }

  answer(messageId: string, fields: object = {}): this {
    return this.say({ case: 'answer', value: { messageId, ...fields } });
  }

  async next(): Promise<SubscribeResponse['event']> {
    return (await this.nextResponse())?.event ?? { case: undefined };
  }

  /** Null at the end of the stream. */
  async nextResponse(): Promise<SubscribeResponse | null> {
    const { value, done } = await this.#events.next();
    return done === true ? null : (value as SubscribeResponse);
  }

  hangUp(): void {
    this.#requests.end();
  }
}

describe('EventService/Subscribe', () => {
  let subscribers: EventSubscribers;
  let listener: GrpcListener;
  let baseUrl: string;

  beforeEach(async () => {
    subscribers = new EventSubscribers({ clock: realClock, timeout: 5_000, grace: 0 });
    listener = new GrpcListener({
      endpoint: new PushFixture().endpoint,
      subscribers,
      reader: new AnswerReader(silentLog, realClock, {
        invalid: () => undefined,
        lineHeldBack: () => undefined,
      }),
      maxBody: 100_000,
      log: silentLog,
    });
    baseUrl = `http://127.0.0.1:${await listener.listen('127.0.0.1', 0)}`;
  });
  afterEach(() => listener.close());

  async function present(count: number): Promise<void> {
    while (subscribers.size !== count) await sleep(2);
  }

  it.each([
    ['gRPC', () => createGrpcTransport({ baseUrl })],
    ['Connect', () => createConnectTransport({ baseUrl, httpVersion: '2' })],
  ])('hands out events and takes answers by %s', async (_name, transport) => {
    const subscription = new Subscription(baseUrl, TOKEN.secret, transport()).start();
    await present(1);
    const records = [connectRecord({}, '[1]'), messageRecord('["hi"]', {}, 4), disconnectRecord()] as const;
    const connected = subscribers.call(records[0]);
    expect(await subscription.next()).toMatchObject({
      case: 'connect',
      value: { socket: SOCKET, messageId: records[0].messageId, query: { EIO: '4' } },
    });
    subscription.answer(records[0].messageId, {
      actions: [{ kind: { case: 'join', value: { rooms: ['r'] } } }],
    });
    expect((await connected).actions).toMatchObject([{ kind: 'join', to: { sockets: [SOCKET.id] } }]);

    const messaged = subscribers.call(records[1]);
    expect(await subscription.next()).toMatchObject({
      case: 'message',
      value: { event: 'message', wantsAck: true },
    });
    subscription.answer(records[1].messageId, { ack: {} });
    expect(await messaged).toEqual({ ack: { args: '[]', attachments: [] }, actions: [] });

    const gone = subscribers.call(records[2]);
    expect(await subscription.next()).toMatchObject({
      case: 'disconnect',
      value: { reason: 'transport close' },
    });
    subscription.answer(records[2].messageId, { error: { code: 'internal', message: 'bug' } });
    await expect(gone).rejects.toMatchObject({ code: 'internal', message: 'bug' });
    subscription.hangUp();
    await present(0);
  });

  it('says with each event which span it belongs to, also to a second subscriber that gets it', async () => {
    const first = new Subscription(baseUrl).start();
    await present(1);
    const [record, untraced] = [messageRecord('[]'), messageRecord('[]')];
    const traceparent = `00-${record.traceId}-${'cd'.repeat(8)}-01`;
    const call = subscribers.call(record, [], traceparent);
    expect(await first.nextResponse()).toMatchObject({ traceparent });
    const second = new Subscription(baseUrl).start();
    await present(2);
    first.hangUp();
    expect(await second.nextResponse()).toMatchObject({ traceparent });
    second.answer(record.messageId);
    await call;
    // Where nobody traces here the backend may decide.
    const other = subscribers.call(untraced);
    expect((await second.nextResponse())?.traceparent).toMatch(
      new RegExp(`^00-${untraced.traceId}-[0-9a-f]{16}-01$`),
    );
    second.answer(untraced.messageId);
    await other;
    second.hangUp();
  });

  it('keeps to the window that the subscriber asked for', async () => {
    const subscription = new Subscription(baseUrl).start(1);
    await present(1);
    const [first, second] = [messageRecord('[1]', { id: 'a' }), messageRecord('[2]', { id: 'b' })];
    const calls = [subscribers.call(first), subscribers.call(second)];
    expect(await subscription.next()).toMatchObject({ value: { messageId: first.messageId } });
    const next = subscription.next();
    expect(await Promise.race([next, sleep(50, 'nothing')])).toBe('nothing');
    subscription.answer(first.messageId);
    expect(await next).toMatchObject({ value: { messageId: second.messageId } });
    subscription.answer(second.messageId);
    await Promise.all(calls);
    subscription.hangUp();
  });

  it('gives the unanswered events of a subscriber that left to another', async () => {
    const first = new Subscription(baseUrl).start();
    await present(1);
    const record = messageRecord('[]');
    const call = subscribers.call(record);
    expect(await first.next()).toMatchObject({ value: { messageId: record.messageId } });
    const second = new Subscription(baseUrl).start();
    await present(2);
    first.hangUp();
    expect(await second.next()).toMatchObject({ value: { messageId: record.messageId } });
    second.answer(record.messageId);
    await call;
    second.hangUp();
  });

  it('refuses strangers, and subscribers that do not begin with start', async () => {
    const stranger = new Subscription(baseUrl, 'wrong').start();
    await expect(stranger.next()).rejects.toMatchObject({ code: Code.Unauthenticated });
    const hasty = new Subscription(baseUrl).answer('1');
    await expect(hasty.next()).rejects.toMatchObject({ code: Code.InvalidArgument });
    const negative = new Subscription(baseUrl).start(-1);
    await expect(negative.next()).rejects.toMatchObject({ code: Code.InvalidArgument });
    const again = new Subscription(baseUrl).start().start();
    await expect(again.next()).rejects.toMatchObject({ code: Code.InvalidArgument });
    await present(0);
  });

  it('ignores answers to what nobody asked', async () => {
    const subscription = new Subscription(baseUrl).start().answer('4711');
    await present(1);
    const record = messageRecord('[]');
    const call = subscribers.call(record);
    await subscription.next();
    subscription.answer(record.messageId);
    await call;
    subscription.hangUp();
  });

  it('ends as unavailable when the node stops', async () => {
    const subscription = new Subscription(baseUrl).start();
    await present(1);
    const next = subscription.next().catch((error: unknown) => ConnectError.from(error).code);
    await listener.close();
    expect(await next).toBe(Code.Unavailable);
    expect(subscribers.size).toBe(0);
  });

  it('notices a subscriber whose connection broke', async () => {
    const subscription = new Subscription(baseUrl).start();
    await present(1);
    const next = subscription.next().catch(() => 'broken');
    await listener.close(0);
    expect(await next).toBe('broken');
    await present(0);
  });
});
