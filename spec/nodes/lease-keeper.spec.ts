import { describe, expect, it } from 'vitest';
import { LeaseKeeper } from '../../src/runtime/cluster/lease-keeper.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { ScriptedLeaseStore, settle } from './scripted-lease-store.ts';

const TTL = 9_000;

/** Whose timers fire a little before their time, as those of Node do. */
class HastyClock extends SimulatedClock {
  override after(ms: number, callback: () => void) {
    return super.after(ms > 1 ? ms - 0.7 : ms, callback);
  }
}

class Fixture {
  readonly clock: SimulatedClock;
  readonly store = new ScriptedLeaseStore();
  readonly said: string[] = [];
  readonly keeper: LeaseKeeper;

  constructor(clock = new SimulatedClock()) {
    this.clock = clock;
    this.keeper = new LeaseKeeper({
      store: this.store,
      request: {
        name: 'a',
        owner: 'me',
        wanted: null,
        previous: null,
        role: 'gateway',
        version: '1',
        address: '',
        inspectAddress: '',
        ttl: TTL,
      },
      clock: this.clock,
      log: new SilentLog(),
      reached: () => 42,
      load: () => ({}),
      events: {
        suspended: () => this.said.push('suspended'),
        resumed: () => this.said.push('resumed'),
        lost: () => this.said.push('lost'),
      },
    });
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      this.clock.advance(Math.min(500, left));
      await settle();
    }
  }
}

describe('a lease on a node number', () => {
  it('is renewed three times within its life, with the time of the last id that may be issued', async () => {
    const fixture = new Fixture();
    expect(await fixture.keeper.acquire()).toMatchObject({ number: 7, epoch: 1, owner: 'me' });
    await fixture.pass(TTL);
    expect(fixture.store.reached).toEqual([42 + TTL, 42 + TTL, 42 + TTL]);
    expect(fixture.said).toEqual([]);
  });

  it('is renewed at once to show a load that changed, and from then on as before', async () => {
    const fixture = new Fixture();
    await fixture.keeper.acquire();
    await fixture.pass(1_000);
    await fixture.keeper.show();
    expect(fixture.store.reached).toHaveLength(1);
    await fixture.pass(TTL);
    expect(fixture.store.reached).toHaveLength(4);
  });

  it('is asked for until whoever holds it lets go', async () => {
    const fixture = new Fixture();
    fixture.store.outcome = { kind: 'held', by: 'another', until: 0 };
    const acquired = fixture.keeper.acquire();
    await fixture.pass(3_000);
    expect(fixture.keeper.trouble).toContain('another');
    fixture.store.outcome = { kind: 'granted', number: 7, epoch: 2, slot: 0, reached: 0 };
    await fixture.pass(1_000);
    expect(await acquired).toMatchObject({ epoch: 2 });
    expect(fixture.keeper.trouble).toBe('');
  });

  it('is suspended when its life has passed without a renewal, not before, and resumes with the next', async () => {
    const fixture = new Fixture();
    await fixture.keeper.acquire();
    await fixture.pass(3_500);
    fixture.store.down = true;
    // Renewed last at 3,000: it ends at 12,000.
    await fixture.pass(8_000);
    expect(fixture.said).toEqual([]);
    expect(fixture.keeper.holds()).toBe(true);
    await fixture.pass(1_000);
    expect(fixture.said).toEqual(['suspended']);
    expect(fixture.keeper.holds()).toBe(false);
    fixture.store.down = false;
    await fixture.pass(3_000);
    expect(fixture.said).toEqual(['suspended', 'resumed']);
    expect(fixture.keeper.holds()).toBe(true);
  });

  it('is suspended also by a timer that fires a little early', async () => {
    const fixture = new Fixture(new HastyClock());
    await fixture.keeper.acquire();
    fixture.store.down = true;
    await fixture.pass(TTL + 500);
    expect(fixture.keeper.holds()).toBe(false);
    expect(fixture.said).toEqual(['suspended']);
  });

  it('is lost when the store says so, and then nothing renews it', async () => {
    const fixture = new Fixture();
    await fixture.keeper.acquire();
    fixture.store.renewal = 'lost';
    await fixture.pass(3_500);
    expect(fixture.said).toEqual(['suspended', 'lost']);
    expect(fixture.keeper.current).toBeNull();
    const calls = fixture.store.calls.length;
    await fixture.pass(TTL);
    expect(fixture.store.calls).toHaveLength(calls);
  });

  it('is lost only once when it was suspended before', async () => {
    const fixture = new Fixture();
    await fixture.keeper.acquire();
    fixture.store.down = true;
    await fixture.pass(TTL + 1_000);
    fixture.store.down = false;
    fixture.store.renewal = 'lost';
    await fixture.pass(3_000);
    expect(fixture.said).toEqual(['suspended', 'lost']);
  });

  it.each([
    ['forgotten', true],
    ['lost', false],
  ] as const)(
    'that is %s is lost, and says whether anybody else knows of it',
    async (renewal, isForgotten) => {
      const fixture = new Fixture();
      await fixture.keeper.acquire();
      expect(fixture.keeper.isForgotten).toBe(false);
      fixture.store.renewal = renewal;
      await fixture.pass(3_500);
      expect(fixture.said).toEqual(['suspended', 'lost']);
      expect(fixture.keeper.isForgotten).toBe(isForgotten);
      expect(fixture.keeper.holds()).toBe(false);
    },
  );

  it('is given back, and not renewed after that', async () => {
    const fixture = new Fixture();
    await fixture.keeper.acquire();
    await fixture.keeper.release();
    await fixture.pass(TTL);
    expect(fixture.store.calls).toEqual(['acquire', 'renew', 'release']);
    expect(fixture.store.reached).toEqual([42]);
  });
});
