import type { Connection } from '../connection/connection.ts';
import { Smallest } from '../delivery/smallest.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Gateway } from '../gateway.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import { parseIpAddress } from '../limits/ip-address.ts';
import { isWithin, parseIpNetwork } from '../limits/ip-network.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConnectionSearch } from '../ports/inspector.ts';
import type { Socket } from '../socket/socket.ts';
import { checkFilter, concernsSockets, matchesSocket, oneOf, socketsOf } from './census-filter.ts';
import { walkConnections } from './connection-walk.ts';
import { type StateQuestion, stateQuestion } from './state-question.ts';

interface Hit {
  readonly connection: Connection;
  readonly idHigh: number;
  readonly idLow: number;
  /** Milliseconds since 1970; null when no state was asked for. */
  readonly since: number | null;
}

/**
 * Looks for connections, a slice of the table at a time.
 *
 * @param describe is shown each connection found that is still there, with when it entered the state asked for
 */
export async function searchConnections<Found>(
  gateway: Gateway,
  clock: Clock,
  search: ConnectionSearch,
  describe: (connection: Connection, since: number | null) => Found,
): Promise<Found[]> {
  const { limit, sort, machine = 'connection' } = search;
  checkFilter(search);
  oneOf('sort', sort, ['oldest']);
  const isAt = addressTest(search.address);
  const isMeant = queryTest(search.q);
  const runner = machine === 'connection' ? gateway.runner : gateway.sockets.machine;
  const question = search.state === undefined ? null : stateQuestion(runner, search.state);
  const hits = new Smallest<Hit>(limit, oldestFirst);
  let found = 0;
  await walkConnections(gateway, clock, search, (connection) => {
    const sockets = socketsOf(connection).filter((socket) => matchesSocket(socket, search));
    if (sockets.length === 0 && (machine === 'socket' || concernsSockets(search))) return true;
    if (!isAt(connection) || !isMeant(connection)) return true;
    const dwell = question === null ? null : dwellOf(question, machine, connection, sockets);
    if (question !== null && dwell === null) return true;
    const { idHigh, idLow } = connection;
    const since = dwell === null ? null : clock.wallNow() - dwell;
    hits.add({ connection, idHigh, idLow, since });
    return ++found < limit || sort === 'oldest';
  });
  return hits
    .sorted()
    .filter(({ connection, idHigh, idLow }) => connection.idHigh === idHigh && connection.idLow === idLow)
    .map(({ connection, since }) => describe(connection, since));
}

/** Snowflakes sort by time, so that the older connection comes first where no state was asked for. */
function oldestFirst(a: Hit, b: Hit): number {
  return (a.since ?? 0) - (b.since ?? 0) || a.idHigh - b.idHigh || a.idLow - b.idLow;
}

/** For how long, ms; of several sockets the one that has been there for longest. Null when it is not in the state. */
function dwellOf(
  question: StateQuestion,
  machine: 'connection' | 'socket',
  { row }: Connection,
  sockets: readonly Socket[],
): number | null {
  if (machine === 'connection') return question(row);
  const dwells = sockets.map((socket) => question(socket.row)).filter((dwell) => dwell !== null);
  return dwells.length === 0 ? null : Math.max(...dwells);
}

function addressTest(text: string | undefined): (connection: Connection) => boolean {
  if (text === undefined) return () => true;
  const network = parseIpNetwork(text);
  return ({ handshake }) => {
    const address = parseIpAddress(handshake.address);
    return address !== null && isWithin(network, address);
  };
}

function queryTest(q: string | undefined): (connection: Connection) => boolean {
  if (q === undefined) return () => true;
  if (q === '') throw new HoldfastError('invalid_argument', 'q: must not be empty');
  const mayBeId = /^\d+$/.test(q);
  return (connection) =>
    (mayBeId && toDecimal(connection.idHigh, connection.idLow).startsWith(q)) ||
    connection.handshake.address.startsWith(q) ||
    socketsOf(connection).some(
      ({ id, user, rooms }) =>
        (mayBeId && id.startsWith(q)) ||
        user.startsWith(q) ||
        (rooms !== null && [...rooms].some(({ name }) => name.startsWith(q))),
    );
}
