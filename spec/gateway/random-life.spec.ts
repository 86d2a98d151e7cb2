import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import { Client } from './client.ts';
import { checkNothingLeft, checkRecords, checkSubscriptions } from './invariants.ts';
import { RandomLife } from './random-life.ts';
import { SeededRandom } from './seeded-random.ts';
import { World } from './world.ts';

/** Far more than it takes, also on a machine that is busy with something else, ms. */
const timeout = 120_000;

describe('random lives', { timeout }, () => {
  it('of hundreds of clients leave nothing behind and nobody without a word', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, adaptive) => {
        const life = new RandomLife(seed, adaptive);
        const { world } = life;
        await life.live(2_500, () => checkSubscriptions(world));
        expect(world.log.filter(({ level }) => level === 'error')).toEqual([]);
        checkRecords(world);
        await life.end();
        checkNothingLeft(world);
        checkRecords(world);
        const { values } = world.metrics.counters;
        expect(values[COUNTER.internalErrors]).toBe(0);
        const closed = Object.values(COUNTER.disconnects).reduce((sum, slot) => sum + values[slot]!, 0);
        const opened = values[COUNTER.connects]!;
        expect(closed).toBeGreaterThanOrEqual(opened);
        const unopened = life.clients.filter(({ refusal }) => refusal === 'unauthorized').length;
        expect(closed - opened).toBeLessThanOrEqual(unopened);
      }),
      { numRuns: 20 },
    );
  });

  it('repeat exactly from their seed', async () => {
    const digests: string[] = [];
    for (const seed of [42, 42, 43]) {
      const life = new RandomLife(seed);
      await life.live(1_500);
      await life.end();
      digests.push(life.digest());
    }
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe(digests[2]);
  });
});

describe('ten thousand cycles of connecting and disconnecting', { timeout }, () => {
  it('leave the tables empty and no larger than the most that were connected at once', async () => {
    const world = new World();
    const random = new SeededRandom(7);
    const live: Client[] = [];
    let most = 0;
    for (let cycle = 0; cycle < 10_000; cycle++) {
      const client = new Client(world, { transport: random.chance(0.3) ? 'polling' : 'websocket' }).join();
      if (random.chance(0.3)) {
        void world.perform({ kind: 'join', namespace: '/', to: { sockets: [client.id] }, rooms: ['r'] });
      }
      live.push(client);
      most = Math.max(most, live.length);
      while (live.length > 0 && (live.length > 100 || random.chance(0.5))) {
        const [leaver] = live.splice(random.below(live.length), 1);
        if (random.chance(0.3)) leaver!.send('1');
        else leaver!.hangUp();
      }
      if (cycle % 100 === 0) world.tick();
    }
    for (const client of live) client.hangUp();
    world.advance(100);
    checkNothingLeft(world);
    checkRecords(world);
    expect(world.gateway.connections.rows).toBeLessThanOrEqual(most);
    expect(world.gateway.socketTable.rows).toBeLessThanOrEqual(most);
    expect(world.heard('disconnect')).toHaveLength(10_000);
  });
});
