import type { Connection } from '../connection/connection.ts';
import type { Gateway } from '../gateway.ts';
import type { Clock } from '../ports/clock.ts';
import { type ConnectionFilter, concernsSockets, matchesConnection, matchesSocket } from './census-filter.ts';

/** Rows looked at in one go: a fraction of a millisecond. */
const SLICE = 1_000;
/** Between two slices, ms: others have the event loop meanwhile. */
const PAUSE = 2;

/**
 * Shows every connection that may match the filter, a slice of the table at a time, so that nobody waits for it.
 * Those of a user or a room are found by index. What comes and goes meanwhile is shown or not; nothing is shown twice.
 *
 * @param visit says whether to go on
 */
export async function walkConnections(
  gateway: Gateway,
  clock: Clock,
  filter: ConnectionFilter,
  visit: (connection: Connection) => boolean,
): Promise<void> {
  const { connections } = gateway;
  const few = fewOf(gateway, filter);
  const next = few === null ? undefined : [...few];
  const rows = next?.length ?? connections.rows;
  for (let from = 0; from < rows; from += SLICE) {
    if (from > 0) await new Promise<void>((resolve) => clock.after(PAUSE, resolve));
    for (let at = from; at < Math.min(rows, from + SLICE); at++) {
      const connection = connections.at(next?.[at] ?? at);
      if (connection === undefined || !matchesConnection(connection, filter)) continue;
      if (!visit(connection)) return;
    }
  }
}

/** Rows of the connections that a user or a room has at this moment; null when the filter names neither. */
function fewOf({ sessions, namespaces }: Gateway, filter: ConnectionFilter): Set<number> | null {
  if (filter.user === undefined && filter.room === undefined) return null;
  const rows = new Set<number>();
  if (filter.user !== undefined) {
    for (const socket of sessions.of(filter.user)?.sockets ?? []) {
      if (matchesSocket(socket, filter)) rows.add(socket.connection.row);
    }
    return rows;
  }
  for (const namespace of namespaces.all()) {
    if (filter.namespace !== undefined && filter.namespace !== namespace.name) continue;
    for (const socket of namespace.rooms.get(filter.room!)?.members ?? []) rows.add(socket.connection.row);
  }
  return rows;
}

/** Whether a connection has a socket that matches, or need not have one. */
export function hasMatchingSocket(connection: Connection, filter: ConnectionFilter): boolean {
  if (!concernsSockets(filter)) return true;
  const { socket, moreSockets } = connection;
  if (socket !== null && matchesSocket(socket, filter)) return true;
  return moreSockets?.some((other) => matchesSocket(other, filter)) ?? false;
}
