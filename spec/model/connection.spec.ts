import { describe, expect, it } from 'vitest';
import { CLOSE_REASONS, type CloseReason } from '../../src/machines/close-reason.ts';
import { coverageOf, printCoverage } from './coverage-table.ts';
import { journeysOf, travel } from './journey.ts';
import { allTransitions, chartTransitionsOf, connectionRoutes, type Route, transitionOf } from './routes.ts';
import { waitsOf } from './timing.ts';

const routes = connectionRoutes();
const driven = routes.filter(({ exclusion }) => exclusion === null);

/** Reasons that end a socket and leave its connection as it is. */
const OF_SOCKETS: readonly CloseReason[] = ['client namespace disconnect', 'server namespace disconnect'];

/** Transitions of the statechart itself that nobody can cause from outside. */
const NOT_OF_THIS_WORLD: Readonly<Record<string, string>> = {
  'handshaking TRANSPORT_FAILED': 'nothing of a client is read before its login is decided',
  'handshaking CLOSE_PACKET_RECEIVED': 'nothing of a client is read before its login is decided',
  'handshaking PROTOCOL_VIOLATED': 'nothing of a client is read before its login is decided',
  'handshaking PARSE_FAILED': 'nothing of a client is read before its login is decided',
  'handshaking PAYLOAD_TOO_LARGE': 'nothing of a client is read before its login is decided',
  'handshaking RATE_LIMIT_EXCEEDED': 'nothing of a client is read before its login is decided',
  'handshaking CLOSE_REQUESTED': 'there is no socket yet that could be disconnected',
  'handshaking HANDLER_FAILED': 'no handler runs before the login is decided',
  'handshaking.authenticating authTimeout': 'the deadline of the call to the backend comes first',
  'moved.settled SERVER_SHUTTING_DOWN': 'there is one node: no session moves',
  'moved.settled strayTime': 'there is one node: no session moves',
  'moved.emptying STRAYS_READ': 'there is one node: no session moves',
  'moved.emptying strayTimeout': 'there is one node: no session moves',
  'moved.unconfirmed SETTLED': 'there is one node: no session moves',
  'moved.unconfirmed MOVE_FAILED': 'there is one node: no session moves',
  'moved.unconfirmed confirmInterval': 'there is one node: no session moves',
  'open.transport.moving CANDIDATE_CLOSED': 'there is one node: no session moves',
  'open.transport.moving CANDIDATE_OPENED': 'there is one node: no session moves',
  'open.transport.moving MOVED': 'there is one node: no session moves',
  'open.transport.moving moveTimeout': 'there is one node: no session moves',
  'closing TRANSPORT_FAILED': 'polling has no transport that could fail, a WebSocket closes in one step',
};

describe('a live connection', () => {
  it.each(journeysOf(driven).map((journey) => [titleOf(journey), journey] as const))(
    'goes the way of its machine: %s',
    async (_, journey) => {
      const { failures, closed, expected } = await travel(journey);
      expect(failures).toEqual([]);
      expect(closed).toEqual(expected);
    },
    120_000,
  );
});

describe('the paths', () => {
  it('drive every transition between configurations, or say why the world cannot', () => {
    const coverage = coverageOf(
      allTransitions(),
      routes,
      ({ path }) => transitionOf(path),
      (transition) =>
        /listening\.alone/.test(transition) ? 'Engine.IO 3 clients join without being asked' : null,
    );
    printCoverage('connection', coverage);
    expect(coverage.missing).toEqual([]);
  });

  it('drive every transition of the statechart but those nobody can cause', () => {
    const { all, taken } = chartTransitionsOf(driven);
    const left = all.filter((transition) => !taken.has(transition));
    console.table(left.map((transition) => ({ transition, reason: NOT_OF_THIS_WORLD[transition] })));
    expect(left.toSorted()).toEqual(Object.keys(NOT_OF_THIS_WORLD).toSorted());
  });

  it('lead to every reason for which a connection can close', () => {
    const reached = new Set(driven.flatMap(({ path }) => path.steps.flatMap(reasonsIn)));
    const wanted = (Object.keys(CLOSE_REASONS) as CloseReason[]).filter(
      (reason) => !OF_SOCKETS.includes(reason),
    );
    expect([...reached].toSorted()).toEqual(wanted.toSorted());
  });
});

function reasonsIn({ effects }: Route['path']['steps'][number]): CloseReason[] {
  return effects.flatMap(({ params }) =>
    params !== undefined ? [(params as { reason: CloseReason }).reason] : [],
  );
}

function titleOf(journey: readonly Route[]): string {
  const { path, kind } = journey[0]!;
  const waits = waitsOf(path);
  const events = new Set(journey.map(({ path: { steps } }) => steps.at(-1)!.delay ?? steps.at(-1)!.event));
  const last = events.size === 1 ? ` to ${[...events].join()}` : '';
  const time = waits.length === 0 ? 'no time passes' : `waiting for ${waits.join(', ')}`;
  const login = kind.logsInFirst ? ', after a login' : '';
  const adaptive = path.steps.some(({ answers }) => answers.adaptive) ? ', adaptive heartbeat' : '';
  return `${journey.length} clients${last}, ${time}${login}${adaptive}`;
}
