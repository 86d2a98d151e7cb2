import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryUpstreamLog } from '../../src/adapters/memory/upstream-log.ts';
import type { Command } from '../../src/runtime/delivery/command.ts';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { UpstreamHandler, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { DispatcherFixture, DOWN, LIMITS } from './dispatcher-fixture.ts';
import { connectRecord, disconnectRecord, messageRecord } from './records.ts';
import { ScriptedCaller, settled } from './scripted-caller.ts';

const to = { ...NOBODY, sockets: ['a'] };
const emit = (event: string): Command => ({
  kind: 'emit',
  to,
  except: NOBODY,
  namespace: '/',
  event,
  body: { args: '[]', attachments: [] },
  volatile: false,
  ack: null,
});
const join: Command = { kind: 'join', to, except: NOBODY, namespace: '/', rooms: ['r'] };

function start(limits = {}) {
  return new DispatcherFixture(new ScriptedCaller(), limits);
}

describe('calls to the backend', () => {
  it('come one at a time and in order for one socket', async () => {
    const { caller, ...fixture } = withCaller(start());
    const records = [connectRecord(), messageRecord('[1]'), messageRecord('[2]'), disconnectRecord()];
    fixture.give(...records);
    for (const record of records) {
      expect(caller.open.map((call) => call.record)).toEqual([record]);
      await caller.open[0]!.answer();
    }
    expect(fixture.settled()).toEqual(records.map((record) => record.messageId));
  });

  it('run side by side for different sockets, up to the limit', async () => {
    const { caller, ...fixture } = withCaller(start());
    fixture.give(...['a', 'b', 'c', 'd', 'e', 'f'].map((id) => messageRecord('[]', { id })));
    expect(caller.open).toHaveLength(LIMITS.concurrency);
    await caller.open[2]!.answer();
    expect(caller.open.map((call) => call.record.key)).toEqual(['a', 'b', 'd', 'e']);
  });

  it('are timed: how long a record waited, other attempts included, and how long its answer took', async () => {
    const fixture = start();
    const { caller } = fixture;
    fixture.give(messageRecord('[1]'), messageRecord('[2]'));
    await fixture.pass(20);
    await caller.open[0]!.fail(DOWN);
    const pause = 75;
    await fixture.pass(pause);
    await fixture.pass(30);
    await caller.open[0]!.answer();
    await fixture.pass(5);
    await caller.open[0]!.answer();
    expect(fixture.answered).toEqual([
      [20 + pause, 30],
      [20 + pause + 30, 5],
    ]);
  });

  it('are not made, and records settle at once, when nobody hears', () => {
    const { caller, ...fixture } = withCaller(start());
    caller.deaf.add('message').add('connect').add('disconnect');
    fixture.give(connectRecord(), messageRecord('[]'), disconnectRecord());
    expect(fixture.settled()).toHaveLength(3);
    expect(caller.calls).toEqual([]);
  });

  it('skip what turned out unimplemented, without an error', async () => {
    const fixture = start();
    const [first, second] = [messageRecord('[1]'), messageRecord('[2]')];
    fixture.give(first, second);
    fixture.caller.deaf.add('message');
    await fixture.caller.open[0]!.fail(new HoldfastError('unimplemented', 'HTTP 404'));
    expect(fixture.settledRecords).toEqual([first.messageId, second.messageId]);
    expect(fixture.caller.calls).toEqual([first.messageId]);
    expect(fixture.dropped).toEqual([]);
    expect(fixture.dispatcher.breaker).toBe('closed');
  });

  it('take records from the log and settle them there', async () => {
    const fixture = start();
    let handler: UpstreamHandler | null = null;
    const subscription = fixture.dispatcher.consume({
      append: () => undefined,
      consume: (given) => {
        handler = given;
        return { stop: async () => undefined };
      },
      flush: async () => undefined,
      close: async () => undefined,
    });
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    handler!(messageRecord('[]'), settle, () => 'ours');
    expect(isSettled).toBe(false);
    await fixture.caller.open[0]!.answer();
    expect(isSettled).toBe(true);
    await subscription.stop(0);
  });
});

describe('records that the log takes back', () => {
  const messages = (count: number) => Array.from({ length: count }, (_, n) => messageRecord(`[${n}]`));
  const takeBack = (fixture: DispatcherFixture, records: readonly UpstreamRecord[]) => {
    for (const { messageId } of records) fixture.takenBack.add(messageId);
  };

  it('are not called any more, nor settled; the call on its way goes on', async () => {
    const fixture = start();
    const [first, ...others] = messages(3);
    fixture.give(first!, ...others);
    takeBack(fixture, [first!, ...others]);
    const ack = { args: '["ok"]', attachments: [] };
    await fixture.caller.open[0]!.answer({ ack, actions: [emit('x')] });
    await settled();
    expect(fixture.events).toEqual(['emit x']);
    expect(fixture.caller.calls).toEqual([first!.messageId]);
    expect(fixture.settledRecords).toEqual([first!.messageId]);
    expect([fixture.dispatcher.queued, fixture.dispatcher.queuedBytes]).toEqual([0, 0]);
  });

  it('are not tried again', async () => {
    const fixture = start();
    const [record] = messages(1);
    fixture.give(record!);
    await fixture.caller.open[0]!.fail(DOWN);
    takeBack(fixture, [record!]);
    await fixture.pass(LIMITS.retry.deadline);
    expect(fixture.caller.calls).toEqual([record!.messageId]);
    expect(fixture.settledRecords).toEqual([]);
    expect(fixture.dispatcher.queued).toBe(0);
  });

  it('make room for themselves when they come again, behind the call on its way', async () => {
    const fixture = start();
    const { caller } = fixture;
    const records = messages(LIMITS.queue.perSocket);
    fixture.give(...records);
    takeBack(fixture, records);
    // The same ones, of which the log now says that they are ours.
    const again = messages(LIMITS.queue.perSocket);
    fixture.give(...again);
    expect(fixture.dropped).toEqual([]);
    for (const record of [records[0]!, ...again]) {
      expect(caller.open.map((call) => call.record.messageId)).toEqual([record.messageId]);
      await caller.open[0]!.answer();
    }
    expect(fixture.dispatcher.queued).toBe(0);
  });

  it('wait while the log cannot say whose they are, and go on as it then says', async () => {
    const fixture = start();
    const [mine, other] = [messageRecord('[]', { id: 'a' }), messageRecord('[]', { id: 'b' })];
    fixture.isInDoubt = true;
    fixture.give(mine, other);
    await fixture.pass(1_000);
    expect(fixture.caller.calls).toEqual([]);
    fixture.isInDoubt = false;
    takeBack(fixture, [other]);
    await fixture.pass(20);
    expect(fixture.caller.calls).toEqual([mine.messageId]);
    await fixture.caller.open[0]!.answer();
    expect(fixture.dispatcher.queued).toBe(0);
    expect(fixture.clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('an answer', () => {
  it('is carried out in order: the acknowledgement, then each action when the one before is done', async () => {
    const fixture = start();
    fixture.give(messageRecord('[]', { id: 'a' }, 7), messageRecord('[]', { id: 'a' }, 8));
    const ack = { args: '["ok"]', attachments: [] };
    await fixture.caller.open[0]!.answer({ ack, actions: [join, emit('x'), join, emit('y')] });
    await settled();
    await settled();
    expect(fixture.events).toEqual(['ack a 7 ["ok"]', 'join', 'emit x', 'join', 'emit y']);
    // Only now is the next record of the socket called.
    expect(fixture.caller.open).toHaveLength(1);
  });

  it('acknowledges nothing when the client wants nothing', async () => {
    const fixture = start();
    fixture.give(messageRecord('[]'), connectRecord({ id: 'b' }));
    const answer = { ack: { args: '[]', attachments: [] }, actions: [] };
    for (const call of [...fixture.caller.open]) await call.answer(answer);
    expect(fixture.events).toEqual([]);
  });

  it('loses only the action that fails, counted', async () => {
    const fixture = start();
    fixture.deliverer.failing = 'x';
    fixture.give(messageRecord('[]'));
    await fixture.caller.open[0]!.answer({ ack: null, actions: [emit('x'), emit('y')] });
    expect(fixture.deliverer.commands).toHaveLength(1);
    expect(fixture.failedActions).toEqual(['emit unavailable']);
    expect(fixture.settledRecords).toHaveLength(1);
  });

  it('writes a few lines when every action fails, counts all, and says how many there were', async () => {
    const fixture = start();
    fixture.deliverer.failing = 'x';
    fixture.give(messageRecord('[]'));
    const actions = Array.from({ length: 50 }, () => emit('x'));
    await fixture.caller.open[0]!.answer({ ack: null, actions });
    expect([fixture.failedActions.length, fixture.warnings.length, fixture.linesHeldBack]).toEqual([
      50, 5, 45,
    ]);
    await fixture.pass(10_000);
    expect(fixture.warnings.at(-1)).toBe('Held back repeated lines');
  });
});

describe('a call that fails', () => {
  it.each(['unavailable', 'deadline_exceeded', 'resource_exhausted', 'internal', 'unknown'] as const)(
    'for %s is made again, ever later, before the next record of its socket',
    async (code) => {
      const fixture = start({ breaker: { failures: 100, pause: 1 } });
      const [first, second] = [messageRecord('[1]'), messageRecord('[2]')];
      fixture.give(first, second);
      // Three quarters of the ceiling: the jitter's middle.
      for (const pause of [75, 150, 300, 600, 750, 750]) {
        await fixture.caller.open[0]!.fail(new HoldfastError(code, 'x'));
        await fixture.pass(pause - 1);
        expect(fixture.caller.open).toEqual([]);
        await fixture.pass(1);
      }
      expect(new Set(fixture.caller.calls)).toEqual(new Set([first.messageId]));
      await fixture.caller.open[0]!.answer();
      expect(fixture.caller.open[0]!.record).toBe(second);
      expect(fixture.retries).toBe(6);
      expect(fixture.dropped).toEqual([]);
    },
  );

  it('for another reason is not made again, and is counted', async () => {
    const fixture = start();
    fixture.give(messageRecord('[]'), disconnectRecord());
    await fixture.caller.open[0]!.fail(new HoldfastError('invalid_argument', 'no'));
    expect(fixture.dropped).toEqual(['backend refused']);
    expect(fixture.caller.open[0]!.record.kind).toBe('disconnect');
  });

  it('is given up after the deadline, and the socket goes on', async () => {
    const fixture = start({ breaker: { failures: 100, pause: 1 } });
    fixture.give(messageRecord('[1]'), messageRecord('[2]'));
    while (fixture.dropped.length === 0) {
      await fixture.caller.open[0]!.fail(DOWN);
      await fixture.pass(1_000);
    }
    expect(fixture.dropped).toEqual(['backend unavailable']);
    expect(fixture.clock.now()).toBeGreaterThanOrEqual(5_000);
    await fixture.caller.open[0]!.answer();
    expect(fixture.settledRecords).toHaveLength(2);
  });

  it('does not hold up other sockets', async () => {
    const fixture = start({ concurrency: 1 });
    fixture.give(messageRecord('[]', { id: 'a' }), messageRecord('[]', { id: 'b' }));
    await fixture.caller.open[0]!.fail(new HoldfastError('internal', 'a only'));
    expect(fixture.caller.open[0]!.record.key).toBe('b');
  });

  it('that nobody foresaw is internal, and the dispatcher lives on', async () => {
    const fixture = start();
    fixture.give(messageRecord('[]'));
    await fixture.caller.open[0]!.fail(new TypeError('bug') as unknown as HoldfastError);
    await fixture.pass(100);
    await fixture.caller.open[0]!.answer();
    expect(fixture.settledRecords).toHaveLength(1);
  });
});

describe('the circuit breaker', () => {
  const records = (...ids: string[]) => ids.map((id) => messageRecord('[]', { id }));

  it('opens after failures in a row; lanes wait, one call tries, and all go on', async () => {
    const fixture = start();
    fixture.give(...records('a', 'b', 'c', 'd', 'e'));
    for (const call of fixture.caller.open.slice(0, 3)) await call.fail(DOWN);
    expect(fixture.dispatcher.breaker).toBe('open');
    // Those on their way when it opened change nothing.
    for (const call of [...fixture.caller.open]) await call.fail(DOWN);
    await fixture.pass(1_999);
    expect(fixture.caller.open).toEqual([]);
    await fixture.pass(1);
    expect(fixture.caller.open).toHaveLength(1);
    await fixture.caller.open[0]!.answer();
    expect(fixture.caller.open).toHaveLength(4);
    for (const call of [...fixture.caller.open]) await call.answer();
    expect(fixture.settledRecords).toHaveLength(5);
    expect(fixture.breakerStates).toEqual(['open', 'half-open', 'closed']);
  });

  it('stays open for another pause when the trial fails', async () => {
    const fixture = start({ breaker: { failures: 1, pause: 2_000 } });
    fixture.give(...records('a', 'b'));
    for (const call of [...fixture.caller.open]) await call.fail(DOWN);
    await fixture.pass(2_000);
    await fixture.caller.open[0]!.fail(DOWN);
    await fixture.pass(1_999);
    expect(fixture.caller.open).toEqual([]);
    await fixture.pass(1);
    expect(fixture.caller.open).toHaveLength(1);
  });

  it('does not open for a handler that trips over one record', async () => {
    const fixture = start();
    fixture.give(...records('a'));
    for (let attempt = 0; attempt < 6; attempt++) {
      await fixture.caller.open[0]!.fail(new HoldfastError('internal', 'bug'));
      await fixture.pass(1_000);
    }
    expect(fixture.breakerStates).toEqual([]);
  });

  it('closes when somebody new comes to hear', async () => {
    const fixture = start({ breaker: { failures: 1, pause: 60_000 } });
    fixture.give(...records('a'));
    await fixture.caller.open[0]!.fail(DOWN);
    await fixture.pass(100);
    expect(fixture.caller.open).toEqual([]);
    fixture.dispatcher.hearerCame();
    expect(fixture.caller.open).toHaveLength(1);
  });
});

describe('the queue', () => {
  it('drops messages of a socket that has too many, and counts them, but keeps its disconnect', async () => {
    const fixture = start();
    fixture.give(...Array.from({ length: 12 }, () => messageRecord('[]')), disconnectRecord());
    expect(fixture.dropped).toEqual(['backend queue full', 'backend queue full']);
    expect(fixture.settledRecords).toHaveLength(2);
    while (fixture.caller.open.length > 0) await fixture.caller.open[0]!.answer();
    expect(fixture.caller.calls).toHaveLength(11);
    expect(fixture.dispatcher.queued).toBe(0);
  });

  it('is bounded in all, by records', () => {
    const fixture = start();
    for (let index = 0; index < 25; index++) fixture.give(messageRecord('[]', { id: `${index}` }));
    expect(fixture.dropped).toHaveLength(5);
    fixture.give(disconnectRecord({ id: 'x' }));
    expect(fixture.dispatcher.queued).toBe(21);
  });

  it('is bounded in all, by bytes, attachments included', async () => {
    const fixture = start();
    fixture.give(messageRecord('[]', {}, -1, [new Uint8Array(600_000)]));
    fixture.give(messageRecord(`["${'x'.repeat(500_000)}"]`, { id: 'b' }));
    expect(fixture.dropped).toEqual(['backend queue full']);
    await fixture.caller.open[0]!.answer();
    expect(fixture.dispatcher.queuedBytes).toBe(0);
  });

  it('weighs a record as the memory log does, the name of the event included', () => {
    const log = new MemoryUpstreamLog({ clock: new SimulatedClock(), defer: () => undefined });
    const fixture = start();
    const records = [
      connectRecord({ id: '1' }, '{"token":"t"}'),
      { ...messageRecord('["hi"]', { id: '2' }, 1, [new Uint8Array(300)]), event: 'e'.repeat(2_000) },
      disconnectRecord({ id: '3' }),
    ];
    for (const record of records) log.append(record);
    fixture.give(...records);
    expect(fixture.dispatcher.queuedBytes).toBe(log.byteLength);
    expect(log.byteLength).toBeGreaterThan(2_300);
  });
});

describe('OnDisconnect', () => {
  it('is tried past every deadline and every opening of the breaker, until it is delivered', async () => {
    const fixture = start();
    const record = disconnectRecord();
    fixture.give(record);
    const openings = () => fixture.breakerStates.filter((state) => state === 'open').length;
    while (openings() < 20) {
      for (const call of [...fixture.caller.open]) await call.fail(DOWN);
      await fixture.pass(1_000);
    }
    expect(fixture.clock.now()).toBeGreaterThan(30_000);
    expect(fixture.settledRecords).toEqual([]);
    while (fixture.caller.open.length === 0) await fixture.pass(1_000);
    await fixture.caller.open[0]!.answer();
    expect(fixture.settledRecords).toEqual([record.messageId]);
    expect(fixture.dropped).toEqual([]);
  });
});

describe('whatever happens', () => {
  it('each socket is called in order, one call at a time, and everything settles once', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('give'), socket: fc.nat(4) }) },
      { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('answer', 'fail', 'break'), nth: fc.nat(3) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.nat(3_000) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const fixture = start({ queue: { perSocket: 100, total: 1_000, maxBytes: 1e9 } });
        const given: UpstreamRecord[] = [];
        for (const one of steps) {
          if ('socket' in one) {
            const record = disconnectRecord({ id: `${one.socket}` });
            given.push(record);
            fixture.give(record);
          } else if ('ms' in one) {
            await fixture.pass(one.ms);
          } else {
            const call = fixture.caller.open[one.nth];
            if (one.do === 'answer') await call?.answer();
            else await call?.fail(one.do === 'fail' ? new HoldfastError('internal', 'x') : DOWN);
          }
          const keys = fixture.caller.open.map((call) => call.record.key);
          expect(new Set(keys).size).toBe(keys.length);
        }
        for (let round = 0; fixture.dispatcher.queued > 0 && round < 1_000; round++) {
          for (const call of [...fixture.caller.open]) await call.answer();
          await fixture.pass(1_000);
        }
        const order = (ids: readonly string[], key: string) =>
          ids.filter((id) => given.find((record) => record.messageId === id)?.key === key);
        for (const key of ['0', '1', '2', '3', '4']) {
          const expected = given.filter((record) => record.key === key).map((record) => record.messageId);
          expect(order(fixture.settledRecords, key)).toEqual(expected);
          // Attempts repeat, but never go back.
          expect([...new Set(order(fixture.caller.calls, key))]).toEqual(expected);
        }
        expect(fixture.caller.mostAtOnce).toBeLessThanOrEqual(LIMITS.concurrency);
      }),
      { numRuns: 100 },
    );
  });
});

function withCaller(fixture: DispatcherFixture) {
  return {
    caller: fixture.caller,
    give: fixture.give.bind(fixture),
    settled: () => fixture.settledRecords,
  };
}

describe('the end of a dispatcher', () => {
  it('is the end of its attempts: nobody is called any more, and what is in hand stays unsettled', async () => {
    const fixture = start();
    const { caller } = fixture;
    fixture.give(
      disconnectRecord({ id: '1' }),
      messageRecord('[2]', { id: '2' }),
      messageRecord('[3]', { id: '2' }),
    );
    await caller.open[0]!.fail(DOWN);
    fixture.dispatcher.end();
    fixture.give(messageRecord('[4]', { id: '3' }));
    await caller.open[0]!.answer({ ack: null, actions: [emit('x')] });
    await fixture.pass(60_000);
    expect(caller.calls).toHaveLength(2);
    expect(fixture.settledRecords).toEqual([]);
    expect(fixture.events).toEqual([]);
  });

  it('settles nothing either of a call that is answered later with nothing to do', async () => {
    const fixture = start();
    fixture.give(messageRecord('[1]'));
    fixture.dispatcher.end();
    await fixture.caller.open[0]!.answer();
    expect(fixture.settledRecords).toEqual([]);
  });

  it('is also the end of what it tries again for an answer, without a word', async () => {
    const fixture = start();
    let asked = 0;
    fixture.deliverer.emit = async () => {
      asked++;
      throw new HoldfastError('unavailable', 'the mailbox is closed');
    };
    fixture.give(messageRecord('[1]'));
    await fixture.caller.open[0]!.answer({ ack: null, actions: [emit('x'), emit('y')] });
    await fixture.pass(1_000);
    await fixture.pass(1_000);
    fixture.dispatcher.end();
    await fixture.pass(1_000);
    const askedByThen = asked;
    expect(askedByThen).toBeGreaterThan(1);
    for (let n = 0; n < 100; n++) await fixture.pass(1_000);
    expect(asked).toBe(askedByThen);
    expect(fixture.warnings).toEqual([]);
    expect(fixture.settledRecords).toEqual([]);
  });
});
