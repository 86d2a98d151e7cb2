import { describe, expect, it } from 'vitest';
import {
  DIRECTORY_REFRESH,
  FIND_BACK,
  NEWCOMERS_WAIT,
  NodeDirectory,
} from '../../src/runtime/cluster/node-directory.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { nodeRecord, ScriptedLeaseStore, settle } from './scripted-lease-store.ts';

const TTL = 2_000;

async function started() {
  const clock = new SimulatedClock();
  const store = new ScriptedLeaseStore();
  store.liveNodes = [nodeRecord(3), nodeRecord(1), nodeRecord(2, { role: 'api', address: '' })];
  const log = new SilentLog();
  const directory = new NodeDirectory(store, clock, log, TTL);
  await directory.start();
  const refresh = async () => {
    clock.advance(DIRECTORY_REFRESH);
    await settle();
  };
  return { clock, store, directory, log, refresh };
}

describe('the directory of nodes', () => {
  it('knows who may hold sockets, where each is reached, and which incarnation of a number lives', async () => {
    const { directory } = await started();
    expect(directory.gateways()).toEqual([1, 3]);
    expect(directory.addressOf(3)).toBe('10.0.0.3:7000');
    expect(directory.addressOf(2)).toBeNull();
    expect(directory.addressOf(9)).toBeNull();
    expect(directory.slotOf(2)).toMatchObject({ slot: 2, epoch: 20 });
    expect(directory.slotOf(9)).toBeNull();
    expect([directory.isLive(1, 10), directory.isLive(1, 11)]).toEqual([true, false]);
  });

  it('hands out the same list until a gateway comes or goes', async () => {
    const { directory, store, refresh } = await started();
    const before = directory.gateways();
    store.liveNodes = [...store.liveNodes, nodeRecord(4, { role: 'api' })];
    await refresh();
    expect(directory.gateways()).toBe(before);
    store.liveNodes = [nodeRecord(1), nodeRecord(5)];
    await refresh();
    expect(directory.gateways()).toEqual([1, 5]);
  });

  it('is read again before it is used, once, by a process that stood still for so long that clients may be on a newcomer', async () => {
    const { directory, store, clock } = await started();
    clock.advance(NEWCOMERS_WAIT - DIRECTORY_REFRESH);
    await settle();
    expect(directory.settled()).toBeNull();
    directory.stop();
    clock.advance(NEWCOMERS_WAIT + 1);
    store.liveNodes = [nodeRecord(1), nodeRecord(5)];
    const [one, other] = [directory.settled(), directory.settled()];
    expect(other).toBe(one);
    expect(directory.gateways()).toEqual([1, 3]);
    await one;
    expect(directory.gateways()).toEqual([1, 5]);
    expect(directory.settled()).toBeNull();
  });

  it('is used as it is while the store is away', async () => {
    const { directory, store, clock } = await started();
    directory.stop();
    store.down = true;
    clock.advance(NEWCOMERS_WAIT + 1);
    await directory.settled();
    expect(directory.settled()).toBeNull();
    expect(directory.gateways()).toEqual([1, 3]);
  });

  it('keeps what it read last while the store is away, and says so once', async () => {
    const { directory, store, log, refresh } = await started();
    store.down = true;
    for (let round = 0; round < 5; round++) await refresh();
    expect(directory.gateways()).toEqual([1, 3]);
    expect(log.warnings).toHaveLength(1);
    store.down = false;
    store.liveNodes = [nodeRecord(1), nodeRecord(8)];
    await refresh();
    expect(directory.gateways()).toEqual([1, 3, 8]);
  });

  it('gives nodes a lease long to come back after the store was away, and then believes what it says', async () => {
    const { directory, store, refresh } = await started();
    store.down = true;
    await refresh();
    store.down = false;
    store.liveNodes = [];
    await refresh();
    expect(directory.gateways()).toEqual([1, 3]);
    store.liveNodes = [nodeRecord(1)];
    await refresh();
    expect(directory.gateways()).toEqual([1, 3]);
    for (let passed = 0; passed < TTL + FIND_BACK; passed += DIRECTORY_REFRESH) await refresh();
    expect(directory.gateways()).toEqual([1]);
  });

  it('believes a store no more that stood still and failed at nothing', async () => {
    const { clock, directory, store, refresh } = await started();
    // Whatever was asked meanwhile is answered late, and of leases that ran out.
    clock.block(4 * DIRECTORY_REFRESH);
    store.liveNodes = [];
    await refresh();
    expect(directory.gateways()).toEqual([1, 3]);
  });

  it('keeps nobody whose number or place another node has by now', async () => {
    const { directory, store, refresh } = await started();
    store.down = true;
    await refresh();
    store.down = false;
    store.liveNodes = [nodeRecord(3, { epoch: 99 }), nodeRecord(7, { slot: 1 })];
    await refresh();
    expect(directory.gateways()).toEqual([3, 7]);
    expect(directory.isLive(3, 99)).toBe(true);
  });
});
