import { beforeEach, describe, expect, it } from 'vitest';
import { Undertaker } from '../../src/runtime/cluster/undertaker.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import type { SocketDescription } from '../../src/runtime/socket-description.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { SOCKET } from '../backend/records.ts';
import { nodeRecord, ScriptedLeaseStore, settle } from './scripted-lease-store.ts';

const TTL = 8_000;

describe('the undertaker of lost nodes', () => {
  let clock: SimulatedClock;
  let store: ScriptedLeaseStore;
  let left: SocketDescription[];
  let said: UpstreamRecord[];
  let flushes: (() => Promise<void>)[];
  let lost: number[];
  let fenced: string[];

  beforeEach(() => {
    clock = new SimulatedClock();
    store = new ScriptedLeaseStore();
    left = [];
    said = [];
    flushes = [];
    lost = [];
    fenced = [];
  });

  function start(owner = 'me'): Undertaker {
    const undertaker = new Undertaker({
      leases: store,
      burial: {
        fence: async ({ number }) => void fenced.push(`${number}, ${said.length} said`),
        lost: async (_incarnation, limit) => left.slice(0, limit),
        bury: async (_incarnation, sockets) => {
          left = left.filter((socket) => !sockets.includes(socket));
        },
      },
      upstreamLog: {
        append: (record) => void said.push(record),
        flush: () => flushes.shift()?.() ?? Promise.resolve(),
      },
      clock,
      log: new SilentLog(),
      owner,
      ttl: TTL,
      onLost: (sockets) => lost.push(sockets),
    });
    undertaker.start();
    return undertaker;
  }

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await settle();
    }
  }

  it('says of each socket that its node was lost, once, and buries it', async () => {
    left = Array.from({ length: 1_203 }, (_, index) => ({ ...SOCKET, id: String(1000 + index) }));
    store.deadNodes = [nodeRecord(3)];
    start();
    await pass(3 * TTL);
    expect(said).toHaveLength(1_203);
    expect(new Set(said.map(({ key }) => key)).size).toBe(1_203);
    expect(said[0]).toMatchObject({
      kind: 'disconnect',
      reason: 'node lost',
      key: '1000',
      socket: left[0] ?? {},
    });
    expect(left).toEqual([]);
    expect(lost).toEqual([1_203]);
    expect(store.deadNodes).toEqual([]);
  });

  it('fences it off before it says anything in its name', async () => {
    left = [{ ...SOCKET, id: '1' }];
    store.deadNodes = [nodeRecord(3)];
    start();
    await pass(3 * TTL);
    expect(said).toHaveLength(1);
    expect(fenced).toEqual(['3, 0 said']);
  });

  it('gives each farewell an id that a second undertaker would give it, too', async () => {
    const socket = { ...SOCKET, id: '7300000000000000001' };
    const ids: string[] = [];
    for (const owner of ['one', 'two']) {
      left = [socket];
      store.deadNodes = [nodeRecord(3)];
      said = [];
      const undertaker = start(owner);
      await pass(2 * TTL);
      undertaker.stop();
      ids.push(said[0]!.messageId);
    }
    expect(ids).toEqual(['7300000000000000001', '7300000000000000001']);
  });

  it('buries nothing before the log has taken the farewells', async () => {
    left = [SOCKET];
    store.deadNodes = [nodeRecord(3)];
    flushes = [() => Promise.reject(new Error('the log is away'))];
    start();
    await pass(TTL + 2_000);
    expect(said).toHaveLength(1);
    expect(left).toHaveLength(1);
    await pass(3 * TTL);
    expect(left).toHaveLength(0);
  });

  it('leaves a node to the undertaker that came first', async () => {
    left = [SOCKET];
    store.deadNodes = [nodeRecord(3)];
    store.mayBury = false;
    start();
    await pass(3 * TTL);
    expect(said).toEqual([]);
  });

  it('waits for the life of a lease after an outage of the store, so that the living can renew theirs', async () => {
    start();
    await pass(3 * TTL);
    store.down = true;
    await pass(2 * TTL);
    store.down = false;
    left = [SOCKET];
    store.deadNodes = [nodeRecord(3)];
    await pass(TTL - 500);
    expect(said).toEqual([]);
    await pass(TTL);
    expect(said).toHaveLength(1);
  });
});
