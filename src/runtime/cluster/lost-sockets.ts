import type { Standing, UpstreamHandler } from '../ports/upstream-log.ts';
import { NODE_LOST } from './lost-record.ts';

/** It may have been taken back before it was said: then it comes again, and so does what is written before it. */
interface Farewell {
  isSaid: boolean;
  readonly standing: () => Standing;
}

/** Sockets remembered; the oldest are forgotten beyond. */
const MAX_SOCKETS = 100_000;

/**
 * Nothing comes after an end. What a node had on its way to the log when it was given up for dead may be written behind
 * the farewell that another said for it; whoever has heard the farewell drops it.
 *
 * @param dropped told of each record that is dropped
 */
export function untilLost(hear: UpstreamHandler, dropped: () => void): UpstreamHandler {
  const lost = new Map<string, Farewell>();
  return (record, settle, standing) => {
    if (record.kind === 'disconnect' && record.reason === NODE_LOST) {
      const farewell = { isSaid: false, standing };
      lost.set(record.key, farewell);
      if (lost.size > MAX_SOCKETS) forgetOldest(lost);
      const said = () => {
        farewell.isSaid = true;
        settle();
      };
      return hear(record, said, standing);
    }
    const farewell = lost.size === 0 ? undefined : lost.get(record.key);
    if (farewell !== undefined && (farewell.isSaid || farewell.standing() !== 'taken back')) {
      dropped();
      return settle();
    }
    hear(record, settle, standing);
  };
}

function forgetOldest(lost: Map<string, Farewell>): void {
  for (const oldest of lost.keys()) {
    lost.delete(oldest);
    return;
  }
}
