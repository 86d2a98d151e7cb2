import { describe, expect, it } from 'vitest';
import { MOST_SPANS, SpanQueue } from '../../src/adapters/otlp/span-queue.ts';
import { SnowflakeGenerator } from '../../src/runtime/identity/snowflake.ts';
import type { Span } from '../../src/runtime/ports/span-sink.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { Tracer } from '../../src/runtime/trace/tracer.ts';
import { silentLog } from '../push/push-fixture.ts';

const SPAN: Span = {
  traceId: 'ab'.repeat(16),
  spanId: 'cd'.repeat(8),
  parentId: '',
  name: 'client message',
  kind: 'server',
  start: 1,
  end: 2,
  attributes: {},
  node: 3,
  error: '',
};

/** Trace ids as gateways make them: they count up. */
function traceIds(count: number): string[] {
  const clock = new SimulatedClock();
  const snowflakes = new SnowflakeGenerator({ clock, node: 3 });
  const hex = (word: number) => word.toString(16).padStart(8, '0');
  return Array.from({ length: count }, (_, index) => {
    if (index % 7 === 0) clock.advance(1);
    snowflakes.next();
    return `686f6c6466617374${hex(snowflakes.hi)}${hex(snowflakes.lo)}`;
  });
}

function tracer(sample: number, node = 0): Tracer {
  const random = { bytes: (size: number) => new Uint8Array(size).fill(7) };
  return new Tracer(
    { sink: { add: () => {}, close: async () => {} }, random, sample, system: 'memory' },
    node,
  );
}

describe('sampling', () => {
  it.each([0, 0.01, 0.25, 1])('takes a share of %f of the traces, spread evenly', (sample) => {
    const ids = traceIds(40_000);
    for (const part of [ids.slice(0, 20_000), ids.slice(20_000)]) {
      const share = part.filter((id) => tracer(sample).samples(id)).length / part.length;
      expect(Math.abs(share - sample)).toBeLessThan(0.004 + sample * (1 - sample) * 0.05);
    }
  });

  it('is the same on all nodes, and of a smaller share a part of the larger one', () => {
    for (const id of traceIds(5_000)) {
      expect(tracer(0.1, 1).samples(id)).toBe(tracer(0.1, 2).samples(id));
      if (tracer(0.1).samples(id)) expect(tracer(0.2).samples(id)).toBe(true);
    }
  });

  it('takes the word of whoever began the trace, and begins one where there is none that makes sense', () => {
    const begun = (flags: string) => `00-${SPAN.traceId}-${SPAN.spanId}-${flags}`;
    expect(tracer(0).received(begun('01'))).toMatchObject({ traceId: SPAN.traceId, isSampled: true });
    expect(tracer(1).received(begun('00'))).toMatchObject({ spanId: SPAN.spanId, isSampled: false });
    expect(tracer(1).received('nonsense')).toMatchObject({ spanId: '', isSampled: true });
    expect(tracer(1).received('', SPAN.traceId)).toEqual({
      traceId: SPAN.traceId,
      spanId: '',
      isSampled: true,
    });
  });
});

describe('spans that wait for the collector', () => {
  it('are bounded: what does not fit, or is not taken, is dropped and counted', async () => {
    const counted = { exported: 0, dropped: 0 };
    let answer: (error?: Error) => void = () => {};
    const queue = new SpanQueue({
      send: () =>
        new Promise((resolve, reject) => {
          answer = (error) => (error === undefined ? resolve() : reject(error));
        }),
      end: async () => {},
      clock: new SimulatedClock(),
      log: silentLog,
      counted: (outcome, spans) => {
        counted[outcome] += spans;
      },
    });
    const batch = 512;
    // The first batch leaves at once, and the collector says nothing.
    for (let number = 0; number < batch + MOST_SPANS + 5; number++) queue.add(SPAN);
    expect(counted).toEqual({ exported: 0, dropped: 5 });
    answer();
    await new Promise(setImmediate);
    expect(counted).toEqual({ exported: batch, dropped: 5 });
    answer(new Error('away'));
    await new Promise(setImmediate);
    expect(counted).toEqual({ exported: batch, dropped: 5 + batch });
  });

  it('wait no longer than they may when the process ends', async () => {
    const clock = new SimulatedClock();
    let dropped = 0;
    const queue = new SpanQueue({
      send: () => new Promise(() => {}),
      end: async () => {},
      clock,
      log: silentLog,
      counted: (_, spans) => {
        dropped += spans;
      },
    });
    for (let number = 0; number < 600; number++) queue.add(SPAN);
    const closed = queue.close(2_000);
    clock.advance(2_000);
    await closed;
    expect(dropped).toBe(600 - 512);
  });
});
