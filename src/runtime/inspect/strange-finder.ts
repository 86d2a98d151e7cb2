import type { Gateway } from '../gateway.ts';
import type { Clock } from '../ports/clock.ts';
import type { Overdue, Strange } from '../ports/strange.ts';
import { walkConnections } from './connection-walk.ts';
import { HeartbeatBackoff } from './heartbeat-backoff.ts';
import { overdueOf, StateRules } from './overdue.ts';
import { reconnectLoops } from './reconnect-loops.ts';
import { SlowRooms } from './slow-rooms.ts';

/** Entries of each list. */
const MOST = 100;
/** Overdue connections looked at before the worst are chosen. */
const MOST_OVERDUE = 10_000;

/**
 * Looks once at every connection of a gateway, a slice of the table at a time, for what is strange about it.
 *
 * @param patience the scale of `ConnectionTable.behindSince`: stands still while this process does
 */
export async function findStrange(
  gateway: Gateway,
  clock: Clock,
  patience: Pick<Clock, 'now'>,
): Promise<Omit<Strange, 'node'>> {
  const { connections, runner, sockets, sessions, comings } = gateway;
  const rules = { connection: new StateRules(runner), socket: new StateRules(sockets.machine) };
  const backoff = new HeartbeatBackoff(runner);
  const slow = new SlowRooms(connections, () => patience.now());
  const overdue: Overdue[] = [];
  const now = clock.wallNow();
  const byAddress = new Map<string, number>();
  await walkConnections(gateway, clock, {}, (connection) => {
    const { address } = connection.handshake;
    byAddress.set(address, (byAddress.get(address) ?? 0) + 1);
    backoff.see(connection.row, address);
    slow.see(connection);
    if (overdue.length < MOST_OVERDUE) overdue.push(...overdueOf(connection, rules, now));
    return true;
  });
  const connectionsOfUser = (user: string) => sessions.of(user)?.connectionCount() ?? 0;
  const connectionsOfAddress = (address: string) => byAddress.get(address) ?? 0;
  return {
    time: now,
    overdue: overdue.sort((a, b) => a.since - b.since).slice(0, MOST),
    loops: [
      ...reconnectLoops('user', comings.users, connectionsOfUser, MOST),
      ...reconnectLoops('address', comings.addresses, connectionsOfAddress, MOST),
    ],
    backoff: backoff.clusters(MOST),
    slow: slow.slowest(MOST),
  };
}
