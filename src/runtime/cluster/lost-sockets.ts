import type { UpstreamHandler } from '../ports/upstream-log.ts';
import { NODE_LOST } from './lost-record.ts';

/** Sockets remembered; the oldest are forgotten beyond. */
const MAX_SOCKETS = 100_000;

/**
 * Nothing comes after an end. What a node had on its way to the log when it was given up for dead may be written behind
 * the farewell that another said for it; whoever has heard the farewell drops it.
 *
 * @param dropped told of each record that is dropped
 */
export function untilLost(hear: UpstreamHandler, dropped: () => void): UpstreamHandler {
  const lost = new Set<string>();
  return (record, settle) => {
    const isFarewell = record.kind === 'disconnect' && record.reason === NODE_LOST;
    if (isFarewell) {
      lost.add(record.key);
      if (lost.size > MAX_SOCKETS) forgetOldest(lost);
    } else if (lost.size > 0 && lost.has(record.key)) {
      dropped();
      return settle();
    }
    hear(record, settle);
  };
}

function forgetOldest(lost: Set<string>): void {
  for (const oldest of lost) {
    lost.delete(oldest);
    return;
  }
}
