import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { BusSeat } from './cluster-bus.ts';

/** Says of all sockets of this node that they are here, and forgets those of whom nobody has said so for long. */
export async function refreshLastSeen(
  presence: BusSeat['presence'],
  sockets: { ids(): Iterable<string> },
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  every: number,
): Promise<void> {
  const now = clock.wallNow();
  try {
    await presence.touch([...sockets.ids()], now);
    await presence.sweep(now - 3 * every);
  } catch (error) {
    log.warn({ err: error }, '"last seen" of sockets was not refreshed');
  }
}
