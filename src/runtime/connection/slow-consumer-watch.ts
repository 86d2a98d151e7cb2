import type { Clock } from '../ports/clock.ts';
import type { Connection } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';

export interface SlowConsumerWatchOptions {
  readonly table: ConnectionTable;
  readonly clock: Clock;
  /** Another number whenever something was written, or has to wait, since the last time it was asked for. */
  readonly activity: () => number;
  /** The clock behind `behindSince`. Stands still while this process does. */
  readonly patience: Pick<Clock, 'now'>;
  /** `slowConsumer.maxDelay`, ms. */
  readonly maxDelay: number;
  readonly onBehind: (connection: Connection) => void;
}

/** Looks at each connection this often within `maxDelay`. */
const LOOKS = 2;
/** Shortest pause between two slices of a round, ms. */
const PAUSE = 100;

/**
 * Closes connections whose peer has not once caught up for `slowConsumer.maxDelay`.
 *
 * A publish does not tell whom it left with waiting bytes, so every connection is looked at in turn, in slices
 * spread over time: the cost per second does not grow when many are slow.
 */
export class SlowConsumerWatch {
  private readonly options: SlowConsumerWatchOptions;
  private next = 0;
  /** `activity` when this round began. */
  private written = -1;
  /** Connections found behind in this round. */
  private behind = 0;
  /** The last round found nobody behind: until something is written, nobody can be. */
  private idle = false;

  constructor(options: SlowConsumerWatchOptions) {
    this.options = options;
  }

  start(): void {
    const { clock, table, maxDelay } = this.options;
    const round = maxDelay / LOOKS;
    clock.every(Math.min(PAUSE, round), () =>
      this.look(Math.ceil((table.rows * PAUSE) / Math.max(round, PAUSE))),
    );
  }

  private look(rows: number): void {
    const { table, patience, activity } = this.options;
    if (this.idle && activity() === this.written) return;
    this.idle = false;
    const now = patience.now();
    for (let left = Math.min(rows, table.rows); left > 0; left--) {
      if (this.next >= table.rows) {
        this.beginRound();
        if (this.idle) return;
      }
      const connection = table.at(this.next++);
      if (connection !== undefined) this.lookAt(connection, now);
    }
  }

  private beginRound(): void {
    this.next = 0;
    const written = this.options.activity();
    this.idle = this.behind === 0 && written === this.written;
    this.behind = 0;
    this.written = written;
  }

  private lookAt(connection: Connection, now: number): void {
    const { table, maxDelay, onBehind } = this.options;
    const { behindSince } = table;
    const { row } = connection;
    if (behindSince[row] !== 0 && connection.webSocket?.getBufferedAmount() === 0) behindSince[row] = 0;
    if (behindSince[row] === 0) {
      if (connection.webSocket !== null && connection.webSocket.getBufferedAmount() > 0)
        behindSince[row] = now;
    } else if (now - behindSince[row] > maxDelay) {
      onBehind(connection);
    }
    if (behindSince[row] !== 0) this.behind++;
  }
}
