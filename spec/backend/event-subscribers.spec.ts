import { describe, expect, it } from 'vitest';
import { type EventSubscriber, EventSubscribers } from '../../src/runtime/backend/event-subscribers.ts';
import { PreferredCaller } from '../../src/runtime/backend/preferred-caller.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { NOTHING_TO_DO } from '../../src/runtime/ports/backend.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { DispatcherFixture } from './dispatcher-fixture.ts';
import { disconnectRecord, messageRecord } from './records.ts';
import { ScriptedCaller, settled } from './scripted-caller.ts';

class Fixture {
  readonly clock = new SimulatedClock();
  readonly subscribers: EventSubscribers;
  came = 0;

  constructor(grace = 0) {
    this.subscribers = new EventSubscribers({
      clock: this.clock,
      timeout: 1_000,
      grace,
      came: () => {
        this.came++;
      },
    });
  }

  /** A subscriber, and what it was sent. */
  join(maxInFlight = 10): { handle: EventSubscriber; sent: UpstreamRecord[] } {
    const sent: UpstreamRecord[] = [];
    return { handle: this.subscribers.subscribe(maxInFlight, (record) => sent.push(record)), sent };
  }

  answer(record: UpstreamRecord): void {
    this.subscribers.answered(record.messageId, NOTHING_TO_DO);
  }
}

const message = (id: string) => messageRecord('[]', { id });

describe('subscribers of EventService', () => {
  it('share the load, and one socket always stays with one', async () => {
    const fixture = new Fixture();
    const members = [fixture.join(100), fixture.join(100), fixture.join(100)];
    for (let round = 0; round < 3; round++) {
      for (let id = 0; id < 30; id++) {
        const record = message(`${id}`);
        const call = fixture.subscribers.call(record);
        fixture.answer(record);
        await call;
      }
    }
    const socketsOf = members.map(({ sent }) => new Set(sent.map(({ key }) => key)));
    expect(socketsOf.map(({ size }) => size)).toEqual([10, 10, 10]);
    expect(new Set(socketsOf.flatMap((ids) => [...ids])).size).toBe(30);
  });

  it('keep their sockets when another comes, which gets new ones', async () => {
    const fixture = new Fixture();
    const first = fixture.join(100);
    for (const id of ['a', 'b']) void fixture.subscribers.call(message(id));
    const second = fixture.join(100);
    for (const id of ['a', 'b', 'c', 'd']) void fixture.subscribers.call(message(id));
    expect(first.sent.map(({ key }) => key)).toEqual(['a', 'b', 'a', 'b']);
    expect(second.sent.map(({ key }) => key)).toEqual(['c', 'd']);
  });

  it('are forgotten for a socket when its disconnect is answered', async () => {
    const fixture = new Fixture();
    const { handle } = fixture.join();
    const record = disconnectRecord({ id: 'a' });
    const call = fixture.subscribers.call(record);
    expect(handle.sockets).toBe(1);
    fixture.answer(record);
    await call;
    expect(handle.sockets).toBe(0);
  });

  it('hand unanswered events to another when they leave, with the same id', async () => {
    const fixture = new Fixture();
    const first = fixture.join(1);
    const records = [message('a'), message('b')];
    const calls = records.map((record) => fixture.subscribers.call(record));
    const second = fixture.join();
    // One in the window, one that waits for room in it.
    expect(first.sent).toEqual([records[0]]);
    fixture.subscribers.leave(first.handle);
    expect(second.sent).toEqual(records);
    for (const record of records) fixture.answer(record);
    await Promise.all(calls);
  });

  it('get no more unanswered events than their window', async () => {
    const fixture = new Fixture();
    const { sent } = fixture.join(2);
    for (const id of ['a', 'b', 'c', 'd']) void fixture.subscribers.call(message(id));
    expect(sent.map(({ key }) => key)).toEqual(['a', 'b']);
    fixture.answer(sent[0]!);
    expect(sent.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  });

  it('lose an event that they do not answer in time', async () => {
    const fixture = new Fixture();
    const { sent } = fixture.join(1);
    const late = fixture.subscribers.call(message('a'));
    void fixture.subscribers.call(message('b')).catch(() => undefined);
    const timedOut = expect(late).rejects.toMatchObject({ code: 'deadline_exceeded' });
    fixture.clock.advance(1_000);
    await timedOut;
    // Answered after all: too late, and no harm.
    fixture.answer(sent[0]!);
    expect(fixture.subscribers.find(sent[0]!.messageId)).toBeNull();
  });

  it('may say that they failed', async () => {
    const fixture = new Fixture();
    const { sent } = fixture.join();
    const call = fixture.subscribers.call(message('a'));
    fixture.subscribers.failed(sent[0]!.messageId, new HoldfastError('internal', 'bug'));
    await expect(call).rejects.toMatchObject({ code: 'internal' });
  });

  it('are waited for a while when the last one left', async () => {
    const fixture = new Fixture(5_000);
    expect(fixture.subscribers.hears()).toBe(false);
    const first = fixture.join();
    const [kept, given] = [message('a'), message('b')];
    const call = fixture.subscribers.call(kept);
    fixture.subscribers.leave(first.handle);
    expect(fixture.subscribers.hears()).toBe(true);
    const another = fixture.subscribers.call(given);
    const second = fixture.join();
    expect(second.sent).toEqual([kept, given]);
    for (const record of second.sent) fixture.answer(record);
    await Promise.all([call, another]);
    fixture.subscribers.leave(second.handle);
    fixture.clock.advance(5_000);
    expect(fixture.subscribers.hears()).toBe(false);
  });

  it('take precedence over backend.url, which takes over when the last one left', async () => {
    const fixture = new Fixture();
    const backend = new ScriptedCaller();
    const caller = new PreferredCaller(fixture.subscribers, backend);
    const { handle, sent } = fixture.join();
    const record = message('a');
    const call = caller.call(record);
    expect([sent.length, backend.calls.length]).toEqual([1, 0]);
    const unanswered = expect(call).rejects.toMatchObject({ code: 'unavailable' });
    fixture.subscribers.leave(handle);
    await unanswered;
    void caller.call(record);
    expect(backend.calls).toEqual([record.messageId]);
    backend.deaf.add('connect');
    expect([caller.hears('message'), caller.hears('connect')]).toEqual([true, false]);
  });

  it('behind the dispatcher: no event is lost while they come and go', async () => {
    const clock = new SimulatedClock();
    const subscribers = new EventSubscribers({ clock, timeout: 1_000, grace: 60_000 });
    const fixture = new DispatcherFixture(subscribers, { concurrency: 100 });
    const answered = new Set<string>();
    const join = () =>
      subscribers.subscribe(3, (record) => {
        // Every third is never answered by this one.
        if (Number(record.messageId) % 3 === 0 && !answered.has(`${record.messageId} seen`)) {
          answered.add(`${record.messageId} seen`);
          return;
        }
        setImmediate(() => subscribers.answered(record.messageId, NOTHING_TO_DO));
      });
    const first = join();
    const records = Array.from({ length: 15 }, (_, index) => disconnectRecord({ id: `${index}` }));
    fixture.give(...records);
    await settled();
    await settled();
    subscribers.leave(first);
    await settled();
    join();
    for (let round = 0; fixture.dispatcher.queued > 0 && round < 200; round++) {
      clock.advance(500);
      await fixture.pass(500);
    }
    expect([...fixture.settledRecords].sort()).toEqual(records.map((record) => record.messageId).sort());
  });
});
