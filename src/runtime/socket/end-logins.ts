import type { Connection } from '../connection/connection.ts';
import type { ConnectionRunner } from '../connection/connection-runner.ts';
import type { SocketTable } from './socket-table.ts';

/** What of a gateway this needs. */
export interface LoginHolder {
  readonly socketTable: SocketTable;
  readonly runner: ConnectionRunner;
}

/** Ends the sessions whose token is not good any more; returns how many. Those that moved end where they live. */
export function endLogins(gateway: LoginHolder, isOver: (tokenId: string) => boolean): number {
  const { socketTable, runner } = gateway;
  const ending = new Set<Connection>();
  for (const { tokenId, connection } of socketTable.all()) {
    if (tokenId !== '' && isOver(tokenId)) ending.add(connection);
  }
  const { TOKEN_EXPIRED } = runner.machine.event;
  const rows = Array.from(ending, ({ row }) => row).filter((row) => runner.reacts(row, TOKEN_EXPIRED));
  for (const row of rows) runner.send(row, TOKEN_EXPIRED);
  return rows.length;
}
