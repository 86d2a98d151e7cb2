import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryPresence } from '../../src/adapters/memory/presence.ts';
import type { AckRequest, EmitCommand } from '../../src/runtime/delivery/command.ts';
import { Dispatcher } from '../../src/runtime/delivery/dispatcher.ts';
import type { Answer, Letter } from '../../src/runtime/delivery/letter.ts';
import type { Target } from '../../src/runtime/delivery/target.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { Absentee } from '../../src/runtime/ports/absentees.ts';
import type { SocketDescription } from '../../src/runtime/socket-description.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { emitCommand } from '../gateway/world.ts';

const API = 9;
const TO: Partial<Target> = { rooms: ['r'] };
/** Of a gateway that answers, and of one that does not. */
const [LIVING, DEAD] = [1, 2];

let clock: SimulatedClock;
let presence: MemoryPresence;
let dispatcher: Dispatcher;
/** What has been written to each gateway. */
let letters: [node: number, letter: Letter][];
/** What is known of the sockets of a gateway that does not answer; an error when it cannot be looked up. */
let known: SocketDescription[] | HoldfastError;
let looks: (readonly number[])[];

function socket(id: string, more: Partial<SocketDescription> = {}): SocketDescription {
  return {
    id,
    user: '',
    namespace: '/',
    rooms: ['r'],
    transport: 'websocket',
    address: '',
    locale: '',
    authType: '',
    clientVersion: '',
    protocol: 'socket.io/5',
    ...more,
  };
}

beforeEach(() => {
  clock = new SimulatedClock();
  presence = new MemoryPresence();
  letters = [];
  looks = [];
  known = [];
  for (const [id, node] of [
    ['11', LIVING],
    ['12', DEAD],
  ] as const) {
    presence.add({ socket: id, user: '', node, seen: 0 });
    presence.join(id, ['r']);
  }
  dispatcher = new Dispatcher({
    presence,
    mailbox: {
      post: (node, letter) => void letters.push([node, letter]),
      open: () => {
        throw new Error('nobody reads here');
      },
    },
    clock,
    node: API,
    answerTimeout: 5_000,
    absentees: {
      of: async (nodes) => {
        looks.push(nodes);
        if (known instanceof HoldfastError) throw known;
        return known.map((one): Absentee => ({ node: DEAD, socket: one }));
      },
    },
  });
});

function ask(timeout: number, more: Partial<EmitCommand> = {}, collect: AckRequest['collect'] = 'answers') {
  return dispatcher.emitWithAck(emitCommand(TO, 'question', [], { ack: { timeout, collect }, ...more }));
}

function answer(from: number, given: Answer): void {
  const [, letter] = letters.find(([node]) => node === from)!;
  if (letter.kind !== 'command' || letter.reply === null) throw new Error('no question');
  dispatcher.receive({ kind: 'answer', correlation: letter.reply.correlation, from, answer: given });
}

const body = { args: '[1]', attachments: [] };
const acked: Answer = {
  kind: 'acks',
  result: { answers: [{ socket: '11', body }], acked: 1, expected: 1, missing: [] },
};

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

describe('an emit with acknowledgements, of which one node says nothing', () => {
  it('is answered at the deadline with those that came, and names the sockets of that node', async () => {
    known = [socket('12')];
    const result = ask(3_000);
    answer(LIVING, acked);
    let isAnswered = false;
    void result.then(() => {
      isAnswered = true;
    });
    await pass(3_900);
    expect(isAnswered).toBe(false);
    await pass(200);
    expect(await result).toEqual({
      answers: [{ socket: '11', body }],
      acked: 1,
      expected: 2,
      missing: ['12'],
    });
  });

  it('counts them when only counts were asked for', async () => {
    known = [socket('12'), socket('13')];
    const result = ask(500, {}, 'count');
    answer(LIVING, { kind: 'acks', result: { answers: [], acked: 1, expected: 1, missing: [] } });
    await pass(1_600);
    expect(await result).toEqual({ answers: [], acked: 1, expected: 3, missing: [] });
  });

  it('remembers whom the node had when it is buried before the deadline', async () => {
    known = [socket('12')];
    const result = ask(10_000);
    answer(LIVING, acked);
    await pass(2_000);
    known = [];
    await pass(9_100);
    expect((await result).missing).toEqual(['12']);
    expect(looks).toEqual([[DEAD]]);
  });

  it('names only sockets that were meant and can acknowledge', async () => {
    known = [
      socket('12'),
      socket('13', { namespace: '/other' }),
      socket('14', { rooms: ['another'] }),
      socket('15', { user: 'not this one' }),
      socket('16', { protocol: 'websocket' }),
    ];
    const except = { sockets: [], users: ['not this one'], rooms: [], everyone: false };
    const result = ask(500, { except });
    answer(LIVING, acked);
    await pass(1_600);
    expect((await result).missing).toEqual(['12']);
  });

  it('takes a late answer of a node that it looked up already', async () => {
    known = [socket('12')];
    const result = ask(5_000);
    answer(LIVING, acked);
    await pass(2_000);
    answer(DEAD, {
      kind: 'acks',
      result: { answers: [{ socket: '12', body }], acked: 1, expected: 1, missing: [] },
    });
    expect(await result).toMatchObject({ acked: 2, expected: 2, missing: [] });
  });

  it('fails when nobody can say who is missing', async () => {
    known = new HoldfastError('unavailable', 'Redis is away');
    const result = ask(2_000);
    const failed = expect(result).rejects.toMatchObject({ code: 'deadline_exceeded' });
    answer(LIVING, acked);
    await pass(3_100);
    await failed;
    expect(looks).toEqual([[DEAD], [DEAD]]);
  });
});

it('looks nobody up when all answer in time', async () => {
  const result = ask(5_000);
  answer(LIVING, acked);
  answer(DEAD, { kind: 'acks', result: { answers: [], acked: 0, expected: 1, missing: ['12'] } });
  await pass(100);
  expect(await result).toMatchObject({ acked: 1, expected: 2, missing: ['12'] });
  await pass(10_000);
  expect(looks).toEqual([]);
});

it('a count of which one node says nothing fails: part of it would be a wrong one', async () => {
  const counted = dispatcher.count({ sockets: [], users: [], rooms: ['r'], everyone: false }, '/');
  const failed = expect(counted).rejects.toMatchObject({ code: 'deadline_exceeded' });
  await pass(5_100);
  await failed;
});
