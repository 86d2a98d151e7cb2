import { describe, expect, it } from 'vitest';
import { Membership } from '../../src/adapters/kafka/membership.ts';
import { OpenPartition } from '../../src/adapters/kafka/open-partition.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

const SESSION = 10_000;

type Watched = Parameters<Membership['watch']>[0];

/** A consumer of the library, as far as it says what it hears of the brokers. */
function consumer() {
  const listeners = new Map<string, () => void>();
  const events = { HEARTBEAT: 'heartbeat', COMMIT_OFFSETS: 'commit' };
  const on = (event: string, listener: () => void) => listeners.set(event, listener);
  return { watched: { events, on } as unknown as Watched, hears: (event: string) => listeners.get(event)!() };
}

describe('records in hand of a consumer', () => {
  it('are in doubt when the brokers have not answered it for a session, and its own again when they have', () => {
    const clock = new SimulatedClock();
    const membership = new Membership(clock, SESSION);
    const { watched, hears } = consumer();
    membership.watch(watched);
    const { standing } = new OpenPartition(membership);
    expect(standing()).toBe('in doubt');
    membership.confirmed();
    clock.advance(SESSION);
    expect(standing()).toBe('ours');
    clock.advance(1);
    expect(standing()).toBe('in doubt');
    for (const answer of ['heartbeat', 'commit']) {
      hears(answer);
      expect(standing()).toBe('ours');
      clock.advance(SESSION + 1);
      expect(standing()).toBe('in doubt');
    }
  });

  it('are taken back for good, whatever the brokers say later', () => {
    const membership = { isSure: true };
    const open = new OpenPartition(membership);
    open.forget();
    expect(open.standing()).toBe('taken back');
    membership.isSure = false;
    expect(open.standing()).toBe('taken back');
  });
});
