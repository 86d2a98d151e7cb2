import { CLOSE_REASONS, type CloseReason } from '../../machines/close-reason.ts';
import { protocolName } from '../codec/flavour.ts';
import { timeOf } from '../identity/snowflake.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Connection } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';
import { waitingMessages } from './lost-messages.ts';

export interface ConnectionLedgerOptions {
  readonly table: ConnectionTable;
  readonly counters: Counters;
  readonly log: Log;
  /** What fails for one connection may fail for all. */
  readonly journal: Pick<RepeatedLines, 'error'>;
  readonly clock: Pick<Clock, 'wallNow'>;
  /** The clock behind `lastSeen`. */
  readonly patience: Pick<Clock, 'now'>;
  /** State of a row's machine and the last events it was told, for people. */
  readonly machine: {
    stateName(row: number): string;
    history(row: number): readonly string[];
  };
}

/** What is counted and said when a connection fails or ends: one line each, and no message lost in silence. */
export class ConnectionLedger {
  private readonly options: ConnectionLedgerOptions;

  constructor(options: ConnectionLedgerOptions) {
    this.options = options;
  }

  failed(connection: Connection, error: unknown): void {
    const { counters, journal, machine } = this.options;
    counters.add(COUNTER.internalErrors);
    journal.error(
      'connection failed',
      {
        connection: toDecimal(connection.idHigh, connection.idLow),
        err: error,
        state: machine.stateName(connection.row),
        events: machine.history(connection.row),
      },
      'internal error while handling a connection; it is closed',
    );
  }

  ended(connection: Connection): void {
    const { counters, log, clock, patience, table } = this.options;
    const reason = connection.reason ?? 'transport close';
    counters.add(COUNTER.disconnects[reason]);
    const lost = waitingMessages(connection);
    if (lost > 0) counters.add(COUNTER.messagesDropped[lossOf(reason)], lost);
    log.info(
      {
        connection: toDecimal(connection.idHigh, connection.idLow),
        reason,
        initiator: CLOSE_REASONS[reason].initiator,
        protocol: protocolName(connection.flavour),
        address: connection.handshake.address,
        lasted: Math.round(clock.wallNow() - timeOf(connection.idHigh, connection.idLow)),
        silentFor: Math.round(patience.now() - table.lastSeen[connection.row]),
        lost,
      },
      'connection closed',
    );
  }
}

function lossOf(reason: CloseReason): 'slow consumer' | 'closed' {
  return reason === 'slow consumer' ? 'slow consumer' : 'closed';
}
