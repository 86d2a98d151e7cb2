import { describe, expect, it } from 'vitest';
import { MemoryUpstreamLog, type MemoryUpstreamLogOptions } from '../../src/adapters/memory/upstream-log.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { describeFaults, type Fault } from './contract.ts';
import { StubUpstreamLog, type UpstreamLogFault } from './stub-upstream-log.ts';
import {
  disconnect,
  message,
  UPSTREAM_LOG_CLAUSES,
  type UpstreamLogFixture,
  upstreamLogContract,
} from './upstream-log-contract.ts';

const REAL_TIME = {
  after: (ms: number, callback: () => void) => setTimeout(callback, ms),
  cancel: (handle: object | number) => clearTimeout(handle as NodeJS.Timeout),
};

function memoryFixture(): UpstreamLogFixture {
  const log = new MemoryUpstreamLog({ clock: REAL_TIME, defer: setImmediate });
  return {
    patience: 5_000,
    open: async () => log,
    openSmall: async () => new MemoryUpstreamLog({ clock: REAL_TIME, defer: setImmediate, maxRecords: 50 }),
    dispose: () => log.close(),
  };
}

function stubFixture(fault: UpstreamLogFault | null): UpstreamLogFixture {
  const logs: StubUpstreamLog[] = [];
  const make = (capacity?: number) => {
    const log = new StubUpstreamLog(fault, capacity);
    logs.push(log);
    return log;
  };
  const shared = make();
  return {
    patience: fault === null ? 5_000 : 250,
    open: async () => shared,
    openSmall: async () => make(50),
    dispose: async () => {
      for (const log of logs) log.dispose();
    },
  };
}

upstreamLogContract('memory', memoryFixture);
upstreamLogContract('a log with commits, in one partition', () => stubFixture(null));

function fault(breaks: string, name: UpstreamLogFault): Fault<UpstreamLogFixture> {
  return { breaks, fault: `a log that ${name}`, make: () => stubFixture(name) };
}

describeFaults('upstream log', UPSTREAM_LOG_CLAUSES, [
  fault('hands out every kind of record with all that it carries', 'loses attachments'),
  fault(
    'hands out the records of one socket in the order they were appended, however they are settled',
    'reorders',
  ),
  fault(
    'hands the records of one socket to one consumer at a time, also while consumers come and go',
    'shares one socket among consumers',
  ),
  fault(
    'hands out unsettled records again, in order, when their consumer stops',
    'forgets unsettled records',
  ),
  fault(
    'hands out unsettled records again, in order, when their consumer stops',
    'hands unsettled records out backwards',
  ),
  fault('says which records it has taken back, and which not', 'does not say what it took back'),
  fault('says which records it has taken back, and which not', 'says that it took back what it did not'),
  fault('hands out records that came while nobody consumed', 'drops records while nobody consumes'),
  fault(
    'does not hand out again what was settled before its consumer stopped',
    'hands settled records out again',
  ),
  fault('waits on stop for the records in hand, and hands out nothing meanwhile', 'stops at once'),
  fault('waits on stop for the records in hand, and hands out nothing meanwhile', 'goes on while stopping'),
  fault('gives up waiting on stop at the deadline', 'stops only when all is settled'),
  fault('throws when it can take no more, and has dropped nothing that it took', 'drops when full'),
  fault(
    'throws when it can take no more, and has dropped nothing that it took',
    'drops what it took when full',
  ),
  fault('refuses records after it was closed', 'takes records after close'),
]);

describe('the memory log', () => {
  function memory(options: Partial<MemoryUpstreamLogOptions> = {}) {
    const deferred: (() => void)[] = [];
    const clock = new SimulatedClock();
    const log = new MemoryUpstreamLog({ clock, defer: (callback) => deferred.push(callback), ...options });
    const turn = () => {
      for (const callback of deferred.splice(0)) callback();
    };
    return { log, clock, deferred, turn };
  }

  it('hands out in batches, one deferred call for all that was appended in a tick', () => {
    const { log, deferred, turn } = memory();
    const got: UpstreamRecord[] = [];
    log.consume((record) => got.push(record));
    for (let number = 0; number < 100; number++) log.append(message(String(number), number));
    expect(got).toEqual([]);
    expect(deferred).toHaveLength(1);
    turn();
    expect(got).toHaveLength(100);
  });

  it('lets other sockets have their turn while one talks without pause', () => {
    const { log, turn } = memory();
    const got: UpstreamRecord[] = [];
    log.consume((record, settle) => {
      got.push(record);
      settle();
    });
    for (let number = 0; number < 5_000; number++) log.append(message('1', number));
    log.append(message('2', 0));
    turn();
    expect(got.length).toBeLessThan(1_100);
    expect(got.at(-1)!.key).toBe('2');
    for (let turns = 0; turns < 10; turns++) turn();
    expect(got).toHaveLength(5_001);
  });

  it('is bounded by bytes, attachments included', () => {
    const { log, turn } = memory({ maxBytes: 10_000 });
    const settles: (() => void)[] = [];
    log.consume((_record, settle) => settles.push(settle));
    const large = { ...message('1', 0), body: { args: '[]', attachments: [new Uint8Array(9_000)] } };
    log.append(large);
    expect(() => log.append({ ...large, messageId: '1-1' })).toThrow(
      expect.objectContaining({ code: 'resource_exhausted' }),
    );
    turn();
    settles[0]!();
    expect([log.size, log.byteLength]).toEqual([0, 0]);
    log.append({ ...large, messageId: '1-1' });
  });

  it('takes a disconnect beyond the bound: nobody would be left to say it again', () => {
    const { log } = memory({ maxRecords: 1 });
    log.append(message('1', 0));
    expect(() => log.append(message('1', 1))).toThrow(
      expect.objectContaining({ code: 'resource_exhausted' }),
    );
    log.append(disconnect('1', 2));
    expect(log.size).toBe(2);
  });

  it('bears a record that is settled twice', () => {
    const { log, turn } = memory();
    log.consume((_record, settle) => {
      settle();
      settle();
    });
    log.append(message('1', 0));
    turn();
    expect([log.size, log.byteLength]).toEqual([0, 0]);
  });

  it('does not let a consumer that was stopped settle what another one has in hand', async () => {
    const { log, clock, turn } = memory();
    const stale: (() => void)[] = [];
    const first = log.consume((_record, settle) => stale.push(settle));
    log.append(message('1', 0));
    turn();
    const stopped = first.stop(100);
    const got: (() => void)[] = [];
    log.consume((_record, settle) => got.push(settle));
    turn();
    expect(got).toHaveLength(0);
    clock.advance(100);
    await stopped;
    turn();
    expect(got).toHaveLength(1);
    stale[0]!();
    expect(log.size).toBe(1);
    got[0]!();
    expect(log.size).toBe(0);
    expect(clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });

  it('goes on with the other records when a handler throws', () => {
    const { log, turn } = memory();
    const got: string[] = [];
    log.consume((record) => {
      got.push(record.messageId);
      if (got.length === 1) throw new Error('a broken handler');
    });
    for (let number = 0; number < 10; number++) log.append(message(String(number % 3), number));
    expect(turn).toThrow('a broken handler');
    turn();
    expect(got).toHaveLength(10);
  });
});
