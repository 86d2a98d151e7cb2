import { setFlagsFromString } from 'node:v8';

/**
 * Settings for the collector of young garbage; V8 reads them each time. Nearly everything here lives for one message
 * and is garbage when it is looked for, which V8 does not expect.
 *
 * It is collected by the thread that made it. V8 would call helpers; there is little to share, and a process per core has
 * no core to spare: waiting for them costs a tenth of a gateway's CPU and makes the pauses of a busy machine longer.
 *
 * And it is always made young. Where many objects of a kind once survived, because the machine stood still or a broker was
 * slow, V8 makes all further ones old, for good. They then stay until the old generation is collected, and keep
 * alive all they refer to: collections took three times as long from then on.
 */
export function expectYoungGarbage(): void {
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--no-allocation-site-pretenuring');
}
