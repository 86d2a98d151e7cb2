import type { LeaseEvents } from '../runtime/cluster/lease-keeper.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { Counters } from '../runtime/metrics/counters.ts';

/** What becomes of the lease is counted, and passed on. */
export function countedLeaseEvents(counters: Counters, told: LeaseEvents): LeaseEvents {
  const counted = (event: keyof LeaseEvents) => () => {
    counters.add(COUNTER.leases[event]);
    told[event]();
  };
  return { suspended: counted('suspended'), resumed: counted('resumed'), lost: counted('lost') };
}
