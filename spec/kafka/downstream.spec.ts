import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { pack } from 'msgpackr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Downstream } from '../../src/adapters/kafka/downstream.ts';
import { kafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { headersOf } from '../../src/adapters/kafka/message-headers.ts';
import type { Command } from '../../src/runtime/delivery/command.ts';
import type { Deliverer } from '../../src/runtime/delivery/deliverer.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { eventually } from '../contracts/contract.ts';
import { KafkaFixture } from './kafka-fixture.ts';

const PATIENCE = 18_000;
let kafka: KafkaFixture;
let producer: Producer;
let inlet: Downstream;
let got: Command[];
let failures: unknown[];
/** Events of this name find no way. */
let refused: string;
let turns: string[];
let buried: number;

beforeAll(async () => {
  kafka = await KafkaFixture.start();
});
afterAll(() => kafka?.close());

beforeEach(async () => {
  await kafka.reset();
  got = [];
  failures = [];
  refused = '';
  turns = [];
  buried = 0;
  const take = (command: Command) => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    if (command.kind === 'emit' && command.event === refused) {
      throw new HoldfastError('unavailable', 'Redis is away');
    }
    got.push(command);
  };
  const said = (command: Command) => (command.kind === 'emit' ? command.event : command.kind);
  inlet = new Downstream({
    kafka: client(),
    clock: new SystemClock(),
    log: new SilentLog(),
    deliverer: {
      emit: async (command) => {
        turns.push(`${said(command)} begins`);
        take(command);
        await sleep(5);
        turns.push(`${said(command)} ends`);
      },
      perform: async (command) => {
        turns.push(`${said(command)} begins`);
        take(command);
        await sleep(5);
        turns.push(`${said(command)} ends`);
        return 1;
      },
    } as Deliverer,
    observe: () => {},
    onDeadLetter: () => {
      buried++;
    },
  });
  await inlet.start();
  producer = client().producer({ allowAutoTopicCreation: false });
  await producer.connect();
});
afterEach(async () => {
  await producer?.disconnect();
  await inlet?.close();
});

function client() {
  return kafkaClient(kafka.settings, new SilentLog(), new SystemClock());
}

function produce(key: string | null, value: Buffer, headers: Record<string, string> = {}) {
  return producer.send({ topic: 'ws.downstream', messages: [{ key, value, headers }] });
}

/** Everything in the dead letter topic, once there are `count`. */
async function deadLetters(count: number): Promise<{ value: Buffer; headers: Record<string, string> }[]> {
  const consumer = client().consumer({ groupId: `spec-${Date.now()}` });
  const found: { value: Buffer; headers: Record<string, string> }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: ['ws.downstream.dlq'], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      found.push({ value: message.value!, headers: headersOf(message.headers) });
    },
  });
  try {
    await eventually(PATIENCE, () => expect(found).toHaveLength(count));
  } finally {
    await consumer.disconnect();
  }
  return found;
}

describe('ws.downstream', () => {
  it('takes what anybody produces: to one socket by key, to users and rooms by headers, to everybody', async () => {
    await produce('1001', pack(['saved', 'doc-1', Buffer.from([1, 2])]));
    await produce(null, pack(['a']), { 'X-Uid': 'ann', 'X-Push-Client-ID': 'billing' });
    await produce(null, pack(['b']), { 'X-Guid': '["doc-1","doc-2"]', 'X-Namespace': '/admin' });
    await produce(null, pack(['c']), { 'X-Operator': 'broadcast' });
    await eventually(PATIENCE, () => expect(got).toHaveLength(4));
    const byEvent = Object.fromEntries(
      got.map((command) => [command.kind === 'emit' ? command.event : '', command]),
    );
    expect(byEvent.saved).toMatchObject({
      to: { sockets: ['1001'], everyone: false },
      namespace: '/',
      body: { args: '["doc-1",{"_placeholder":true,"num":0}]', attachments: [new Uint8Array([1, 2])] },
    });
    expect(byEvent.a).toMatchObject({ to: { users: ['ann'] }, pushedBy: 'billing' });
    expect(byEvent.b).toMatchObject({ to: { rooms: ['doc-1', 'doc-2'] }, namespace: '/admin' });
    expect(byEvent.c).toMatchObject({ to: { everyone: true } });
  });

  it('joins, leaves and disconnects as X-Inner says', async () => {
    const internal = { 'X-Operator': 'internal' };
    await produce('1001', pack([]), { ...internal, 'X-Inner': 'join', 'X-Guid': 'doc-1' });
    await produce('1001', pack([]), { ...internal, 'X-Inner': 'leave', 'X-Guid': 'doc-1' });
    await produce('1001', pack([]), { ...internal, 'X-Inner': 'disconnect' });
    await eventually(PATIENCE, () =>
      expect(got.map(({ kind }) => kind)).toEqual(['join', 'leave', 'disconnect']),
    );
    expect(got[0]).toMatchObject({ to: { sockets: ['1001'], rooms: [] }, rooms: ['doc-1'] });
  });

  it('has events of a partition on their way together, in order', async () => {
    const events = Array.from({ length: 2000 }, (_, i) => `event ${i}`);
    const messages = events.map((event) => ({ key: '1001', value: pack([event]) }));
    await producer.send({ topic: 'ws.downstream', messages });
    await eventually(PATIENCE, () => expect(turns).toHaveLength(4000));
    expect(got.map((command) => command.kind === 'emit' && command.event)).toEqual(events);
    // One after the other they would take turns.
    expect(turns.slice(0, 2)).toEqual(['event 0 begins', 'event 1 begins']);
  });

  it('joins after the events in front of it, and before those behind it', async () => {
    const join = { 'X-Operator': 'internal', 'X-Inner': 'join', 'X-Guid': 'doc-1' };
    const messages = [
      { key: '1001', value: pack(['before']) },
      { key: '1001', value: pack([]), headers: join },
      { key: '1001', value: pack(['behind']) },
    ];
    await producer.send({ topic: 'ws.downstream', messages });
    await eventually(PATIENCE, () => expect(turns).toHaveLength(6));
    expect(turns).toEqual(['before', 'join', 'behind'].flatMap((one) => [`${one} begins`, `${one} ends`]));
  });

  it('keeps the trace that a record names, by traceparent or by its id, and none that is none', async () => {
    const traceId = 'ab'.repeat(16);
    const traceparent = `00-${traceId}-${'cd'.repeat(8)}-00`;
    await produce('1001', pack(['a']), { traceparent, 'X-Trace-ID': 'ef'.repeat(16) });
    await produce('1001', pack(['b']), { 'X-Trace-ID': traceId });
    await produce('1001', pack(['c']), { traceparent: `${traceparent}\n` });
    await eventually(PATIENCE, () => expect(got).toHaveLength(3));
    expect(got.map(({ trail }) => trail!.traceparent)).toEqual([
      traceparent,
      `00-${traceId}-${traceId.slice(16)}-01`,
      '',
    ]);
  });

  it('puts what is no command into ws.downstream.dlq with the reason, and goes on', async () => {
    const poison = Buffer.from('this is no MessagePack array');
    await produce('1001', poison, { 'X-Trace-ID': 'abc' });
    await produce('1001', pack(['after']));
    await eventually(PATIENCE, () => expect(got).toHaveLength(1));
    const [letter] = await deadLetters(1);
    expect(letter!.value).toEqual(poison);
    expect(letter!.headers).toMatchObject({
      'X-Trace-ID': 'abc',
      'X-Error-Code': 'invalid_argument',
      'X-Tries': '1',
      'X-Offset': '0',
    });
    expect(letter!.headers['X-Error']).toMatch(/MessagePack/);
    expect(buried).toBe(1);
  });

  it('tries again what cannot be delivered now, in order', async () => {
    failures.push(new HoldfastError('unavailable', 'Redis is away'), new Error('surprise'));
    await produce('1001', pack(['first']));
    await produce('1001', pack(['second']));
    await eventually(PATIENCE, () => expect(got).toHaveLength(2));
    expect(got.map((command) => command.kind === 'emit' && command.event)).toEqual(['first', 'second']);
    expect(buried).toBe(0);
  });

  it('gives a record up after some tries', async () => {
    refused = 'first';
    await produce('1001', pack(['first']));
    await produce('1001', pack(['second']));
    const [letter] = await deadLetters(1);
    expect(letter!.headers).toMatchObject({ 'X-Error-Code': 'unavailable', 'X-Tries': '5' });
    await eventually(PATIENCE, () => expect(got).toHaveLength(1));
  }, 40_000);
});
