import { setFlagsFromString } from 'node:v8';

/**
 * Young garbage is collected by the thread that made it. V8 would call helpers; almost nothing survives here, so there is
 * little to share, and a process per core has no core to spare: waiting for them costs a tenth of a gateway's CPU and
 * makes the pauses of a busy machine longer. V8 reads this flag at each collection.
 */
export function collectAlone(): void {
  setFlagsFromString('--no-parallel-scavenge');
}
