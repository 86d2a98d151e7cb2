import { describe, expect, it } from 'vitest';
import { FencedLog } from '../../src/runtime/cluster/fenced-log.ts';
import { sayOwnFarewell } from '../../src/runtime/cluster/own-farewell.ts';
import { PresentFirstLog } from '../../src/runtime/cluster/present-first-log.ts';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import { Counters } from '../../src/runtime/metrics/counters.ts';
import type { UpstreamLog, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import type { Namespaces } from '../../src/runtime/socket/namespaces.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { connectRecord, messageRecord } from '../backend/records.ts';

const BOUNDS = { maxRecords: 100, maxBytes: 1_000_000 };

class ErrorLog extends SilentLog {
  readonly errors: string[] = [];

  override error(_fields?: object, message = ''): void {
    this.errors.push(message);
  }
}

class Fixture {
  readonly written: string[] = [];
  readonly clock = new SimulatedClock();
  readonly presentFirst: PresentFirstLog;
  readonly fencedLog: FencedLog;
  readonly log = new ErrorLog();
  holds = true;
  readonly counters = new Counters();
  flush: () => Promise<void> = async () => {};

  constructor() {
    const log: UpstreamLog = {
      append: (record) => {
        const reason = record.kind === 'disconnect' ? ` ${record.reason} of node ${record.home}` : '';
        this.written.push(`${record.kind} ${record.key}${reason}`);
      },
      consume: () => ({ stop: async () => {} }),
      flush: () => this.flush(),
      close: async () => {},
    };
    this.presentFirst = new PresentFirstLog(log, { ...BOUNDS, refused });
    this.fencedLog = new FencedLog(this.presentFirst, { ...BOUNDS, holds: () => this.holds });
  }

  /** @param sockets by their ids, whether each has moved to another node */
  say(sockets: Readonly<Record<string, boolean>>): Promise<void> {
    let first: object | null = null;
    for (const [id, isElsewhere] of Object.entries(sockets).reverse()) {
      first = { isElsewhere, next: first, snapshot: () => connectRecord({ id }).socket };
    }
    const namespaces = { all: () => [{ first }] } as unknown as Namespaces;
    const { fencedLog, presentFirst, clock, log } = this;
    return sayOwnFarewell({
      gateway: { namespaces },
      node: 5,
      fencedLog,
      presentFirst,
      refused,
      clock,
      log,
      counters: this.counters,
    });
  }
}

function refused(record: UpstreamRecord, error: unknown): void {
  throw new Error(`${record.messageId} was refused: ${String(error)}`);
}

describe('the farewell of a node that nobody knows of any more', () => {
  it('comes behind what its sockets said, and nothing comes behind it', async () => {
    const fixture = new Fixture();
    fixture.holds = false;
    fixture.fencedLog.append(connectRecord({ id: '1' }));
    fixture.fencedLog.append(messageRecord('[]', { id: '1' }));
    fixture.holds = true;
    await fixture.say({ 1: false, 2: false });
    fixture.fencedLog.append(messageRecord('[]', { id: '2' }));
    expect(fixture.written).toEqual([
      'connect 1',
      'message 1',
      'disconnect 1 node lost of node 5',
      'disconnect 2 node lost of node 5',
    ]);
  });

  it('leaves out who lives on another node by now', async () => {
    const fixture = new Fixture();
    await fixture.say({ 1: true, 2: false });
    expect(fixture.written).toEqual(['disconnect 2 node lost of node 5']);
    expect(fixture.counters.values[COUNTER.socketsLost]).toBe(1);
    expect(fixture.log.errors).toEqual([]);
  });

  it('waits for those whom presence does not have yet: the backend hears that they came first', async () => {
    const fixture = new Fixture();
    let found = () => {};
    fixture.presentFirst.expect('1', new Promise((resolve) => (found = resolve)));
    fixture.fencedLog.append(connectRecord({ id: '1' }));
    const said = fixture.say({ 1: false });
    expect(fixture.written).toEqual([]);
    found();
    await said;
    expect(fixture.written).toEqual(['connect 1', 'disconnect 1 node lost of node 5']);
    expect(fixture.clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });

  it('holds nobody up for ever when the log does not take it, nor when it cannot, and says so', async () => {
    const stuck = new Fixture();
    stuck.flush = () => new Promise(() => {});
    const said = stuck.say({ 1: false });
    stuck.clock.advance(10_000);
    await said;
    expect(stuck.log.errors).toEqual(['the ends of sockets that nobody else knows of are not in the log']);
    const broken = new Fixture();
    broken.flush = () => Promise.reject(new Error('closed'));
    await broken.say({ 1: false });
    expect(broken.log.errors).toEqual(stuck.log.errors);
    expect(broken.clock.nextDue()).toBe(Number.POSITIVE_INFINITY);
  });
});
