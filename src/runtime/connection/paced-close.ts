import type { Clock } from '../ports/clock.ts';
import type { Connection } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';

export interface PacedCloseOptions {
  readonly table: ConnectionTable;
  readonly clock: Clock;
  /** Connections per second. Raised when all would not be through within `within`. */
  readonly rate: number;
  /** ms */
  readonly within: number;
  readonly close: (connection: Connection) => void;
}

/** Shortest pause between two closings, and how often is looked whether all are gone, ms. */
const BEAT = 50;

/**
 * Closes all connections at a pace, so that their clients do not knock at the other nodes as one herd. Resolves
 * when none is left.
 */
export function closePaced({ table, clock, rate, within, close }: PacedCloseOptions): Promise<void> {
  // A tenth of the time is left for those that take theirs to end.
  const needed = (table.size * 1000) / (within * 0.9);
  const pace = Math.max(rate, needed) / 1000;
  const pause = Math.max(BEAT, 1 / pace);
  const perBeat = Math.ceil(pace * pause);
  let next = 0;
  return new Promise((resolve) => {
    const beat = () => {
      let closed = 0;
      for (; closed < perBeat && next < table.rows; next++) {
        const connection = table.at(next);
        if (connection === undefined || connection.reason !== null) continue;
        close(connection);
        closed++;
      }
      if (table.size === 0) {
        resolve();
        return;
      }
      // Rows behind us may have been taken by logins that were under way.
      if (next >= table.rows) next = 0;
      clock.after(closed > 0 ? pause : BEAT, beat);
    };
    beat();
  });
}
