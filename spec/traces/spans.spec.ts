import { describe, expect, it } from 'vitest';
import type { CommandLetter } from '../../src/runtime/delivery/letter.ts';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { UpstreamLog } from '../../src/runtime/ports/upstream-log.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { InletSpan } from '../../src/runtime/trace/inlet-span.ts';
import { postTraced } from '../../src/runtime/trace/posting-span.ts';
import { rpcAttributes } from '../../src/runtime/trace/rpc-attributes.ts';
import { TracedUpstreamLog } from '../../src/runtime/trace/traced-upstream-log.ts';
import { DispatcherFixture, DOWN } from '../backend/dispatcher-fixture.ts';
import { messageRecord, TRACE_ID } from '../backend/records.ts';
import { ScriptedCaller } from '../backend/scripted-caller.ts';
import { recordSpans } from './recorded-spans.ts';

const PARENT = 'cd'.repeat(8);
const SAMPLED = `00-${TRACE_ID}-${PARENT}-01`;
const AWAY = new HoldfastError('unavailable', 'Redis is away');

function letter(traceparent: string): CommandLetter {
  const trail = { traceparent, times: [0, 0, 0, 0, 7] };
  const command = {
    kind: 'join' as const,
    to: NOBODY,
    except: NOBODY,
    namespace: '/',
    rooms: ['doc-1'],
    trail,
  };
  return { kind: 'command', id: '4-a-1', nodes: [1, 2], command, reply: null, time: 7 };
}

describe('the span of posting a letter', () => {
  const clock = new SimulatedClock();

  it('ends when the last mailbox has it, and goes with the letter', async () => {
    const { spans, tracer } = recordSpans();
    const posted: CommandLetter[] = [];
    const post = (one: unknown) => {
      posted.push(one as CommandLetter);
      return Promise.resolve();
    };
    await postTraced(tracer, letter(SAMPLED), 2, clock, post);
    expect(spans).toMatchObject([
      { traceId: TRACE_ID, parentId: PARENT, name: 'send holdfast.mailbox', start: 7, node: 4, error: '' },
    ]);
    expect(spans[0]!.attributes).toMatchObject({ 'holdfast.command': 'join', 'holdfast.nodes': 2 });
    expect(posted[0]!.command.trail?.traceparent).toBe(`00-${TRACE_ID}-${spans[0]!.spanId}-01`);
    expect(posted[0]!.id).toBe('4-a-1');
  });

  it('ends as well when a mailbox refuses the letter, at once or later', async () => {
    const { spans, tracer } = recordSpans();
    const refusing = () => {
      throw AWAY;
    };
    expect(() => postTraced(tracer, letter(SAMPLED), 1, clock, refusing)).toThrow(AWAY);
    const later = postTraced(tracer, letter(SAMPLED), 1, clock, () => Promise.reject(AWAY));
    await expect(later).rejects.toBe(AWAY);
    expect(spans.map(({ error }) => error)).toEqual(['Redis is away', 'Redis is away']);
  });

  it.each([
    ['is not sampled', SAMPLED.replace(/1$/, '0')],
    ['makes no sense', 'nonsense'],
  ])('is not made where the trace %s: the letter goes as it is', (_, traceparent) => {
    const { spans, tracer } = recordSpans();
    const given = letter(traceparent);
    let posted: unknown;
    const post = (one: unknown) => {
      posted = one;
    };
    postTraced(tracer, given, 1, clock, post);
    expect(posted).toBe(given);
    expect(spans).toEqual([]);
  });
});

describe('what a client said', () => {
  const record = messageRecord('[1]');

  function traced(log: Partial<UpstreamLog>, sample = 1) {
    const recorded = recordSpans(sample);
    const all = { append: () => {}, flush: async () => {}, ...log } as UpstreamLog;
    return { ...recorded, log: new TracedUpstreamLog(all, recorded.tracer, new SimulatedClock()) };
  }

  it('is a trace that ends when the log refuses it', () => {
    const { spans, log } = traced({
      append: () => {
        throw AWAY;
      },
    });
    expect(() => log.append(record)).toThrow(AWAY);
    expect(spans).toMatchObject([{ name: 'client message', parentId: '', error: 'Redis is away' }]);
  });

  it('is sent within the span that is in its traceparent, which fails when the log gives it up', async () => {
    const { spans, log } = traced({ flush: () => Promise.reject(AWAY) });
    log.append(record);
    await Promise.resolve();
    await Promise.resolve();
    const [root, sent] = spans;
    expect(root).toMatchObject({ name: 'client message', error: '' });
    expect(sent).toMatchObject({ name: 'send ws.upstream', parentId: root!.spanId, error: 'Redis is away' });
    expect(sent!.spanId).toBe(TRACE_ID.slice(16));
  });

  it('is not waited for when its trace is not sampled', () => {
    let waits = 0;
    const flush = async () => {
      waits++;
    };
    const { spans, log } = traced({ flush }, 0);
    log.append(record);
    expect(waits).toBe(0);
    expect(spans).toEqual([]);
  });
});

describe('the spans of a record', () => {
  it('end once each: every call with its outcome, and the record with the last', async () => {
    const { spans, tracer } = recordSpans();
    const caller = new ScriptedCaller();
    const fixture = new DispatcherFixture(caller, {}, tracer);
    fixture.give(messageRecord('[1]'));
    await caller.open[0]!.fail(DOWN);
    await fixture.pass(1_000);
    await caller.open[0]!.answer();
    expect(spans.map(({ name, error }) => [name, error])).toEqual([
      ['holdfast.v1.BackendService/OnMessage', 'unavailable'],
      ['holdfast.v1.BackendService/OnMessage', ''],
      ['process ws.upstream', ''],
    ]);
    const [failed, answered, processed] = spans;
    expect(caller.traceparents).toEqual(
      [failed, answered].map((call) => `00-${TRACE_ID}-${call!.spanId}-01`),
    );
    expect([failed!.parentId, answered!.parentId]).toEqual([processed!.spanId, processed!.spanId]);
    expect(processed!.parentId).toBe(TRACE_ID.slice(16));
  });

  it('end when the node does, in the middle of a call and while they wait', async () => {
    const { spans, tracer } = recordSpans();
    const caller = new ScriptedCaller();
    const fixture = new DispatcherFixture(caller, {}, tracer);
    fixture.give(messageRecord('[1]'), messageRecord('[2]'));
    const [call] = caller.open;
    fixture.dispatcher.end();
    await call!.fail(DOWN);
    expect(spans.map(({ name, error }) => [name, error])).toEqual([
      ['process ws.upstream', 'aborted'],
      ['process ws.upstream', 'aborted'],
      ['holdfast.v1.BackendService/OnMessage', 'aborted'],
    ]);
  });

  it('are none where the trace is not sampled, and the backend is told so', async () => {
    const { spans, tracer } = recordSpans(0);
    const caller = new ScriptedCaller();
    const fixture = new DispatcherFixture(caller, {}, tracer);
    fixture.give(messageRecord('[1]'));
    await caller.open[0]!.answer();
    expect(caller.traceparents).toEqual([`00-${TRACE_ID}-${TRACE_ID.slice(16)}-00`]);
    expect(spans).toEqual([]);
  });
});

describe('a record of ws.downstream', () => {
  it('goes on with the trace of whoever produced it', () => {
    const { spans, tracer } = recordSpans(0);
    const span = InletSpan.of(tracer, { traceparent: SAMPLED, 'X-Message-ID': 'm1' }, 5)!;
    expect(span.trail).toEqual({
      traceparent: `00-${TRACE_ID}-${'01'.repeat(8)}-01`,
      times: [0, 0, 0, 0, 5],
    });
    span.ended(9, 'invalid_argument');
    expect(spans).toMatchObject([
      { name: 'process ws.downstream', parentId: PARENT, start: 5, end: 9, error: 'invalid_argument' },
    ]);
    expect(spans[0]!.attributes['messaging.message.id']).toBe('m1');
  });

  it('is sampled as others are where it only has the id of one, or nothing', () => {
    const headers = { 'X-Trace-ID': TRACE_ID };
    expect(InletSpan.of(recordSpans(0).tracer, headers, 5)).toBeNull();
    expect(InletSpan.of(recordSpans(1).tracer, headers, 5)?.trail.traceparent).toContain(TRACE_ID);
    expect(InletSpan.of(recordSpans(1).tracer, {}, 5)?.trail.traceparent).toContain('01'.repeat(16));
  });
});

describe('the attributes of a call', () => {
  it('say what failed in the words of its protocol', () => {
    const [service, method] = ['holdfast.v1.BackendService', 'OnMessage'];
    expect(rpcAttributes('grpc', service, method, '')).toEqual({
      'rpc.system': 'grpc',
      'rpc.service': service,
      'rpc.method': method,
      'rpc.grpc.status_code': 0,
    });
    // https://grpc.io/docs/guides/status-codes/
    for (const [code, number] of [
      ['canceled', 1],
      ['deadline_exceeded', 4],
      ['aborted', 10],
      ['unavailable', 14],
      ['unauthenticated', 16],
    ] as const) {
      expect(rpcAttributes('grpc', service, method, code)).toMatchObject({
        'rpc.grpc.status_code': number,
        'error.type': code,
      });
    }
    expect(rpcAttributes('connect_rpc', service, method, 'unavailable')).toMatchObject({
      'rpc.connect_rpc.error_code': 'unavailable',
      'error.type': 'unavailable',
    });
  });
});
