import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendDouble } from './backend-double.ts';
import { coverageOf, printCoverage } from './coverage-table.ts';
import { ModelNode, type Settings } from './model-node.ts';
import { type Route, transitionOf } from './routes.ts';
import { LOGIN_LIFE, SocketDrive } from './socket-drive.ts';
import { allSocketTransitions, socketRoutes } from './socket-routes.ts';

const routes = socketRoutes();
const driven = routes.filter(({ exclusion }) => exclusion === null);

const CALM: Settings = {
  'engine.pingInterval': '300h',
  'engine.pingTimeout': '300h',
  'heartbeat.adaptive.retry': '300h',
  'socketio.connectTimeout': '300h',
  'backend.timeout': '300h',
};
const WARNING: Settings = { 'auth.tokenWarning': `${LOGIN_LIFE / 2}ms` };
const NO_WARNING: Settings = { 'auth.tokenWarning': '0s' };
const LOGINS: Settings = { 'auth.mode': 'backend' };

/** Nodes on which the routes can be taken. */
const NODES = [
  { name: 'without logins', settings: {}, holds: (route: Route) => !hasLogin(route) },
  {
    name: 'with logins, warned ahead of their end',
    settings: { ...LOGINS, ...WARNING },
    holds: (route: Route) => hasLogin(route) && isWarned(route),
  },
  {
    name: 'with logins that end unannounced',
    settings: { ...LOGINS, ...NO_WARNING },
    holds: (route: Route) => hasLogin(route) && !isWarned(route),
  },
];

describe.each(NODES)('a live socket on a node $name', ({ settings, holds }) => {
  let node: ModelNode;
  let backend: BackendDouble;
  beforeAll(async () => {
    backend = await BackendDouble.start();
    node = await ModelNode.start({ ...CALM, ...settings, 'backend.url': backend.url });
  });
  afterAll(async () => {
    await backend?.close();
    await node?.stop();
  });

  it.each(driven.filter(holds).map((route) => [titleOf(route), route] as const))('goes %s', (_, route) =>
    new SocketDrive(route, node, backend).go(),
  );
});

describe('the paths of a socket', () => {
  it('are each driven on one of the nodes', () => {
    for (const route of driven) expect(NODES.filter(({ holds }) => holds(route))).toHaveLength(1);
  });

  it('drive every transition between configurations, or say why the world cannot', () => {
    const coverage = coverageOf(
      allSocketTransitions(),
      routes,
      ({ path }) => transitionOf(path),
      () => null,
    );
    printCoverage('socket', coverage);
    expect(coverage.missing).toEqual([]);
  });

  it('lead to both reasons for which a socket leaves a connection that stays', () => {
    const reasons = driven.flatMap(({ path }) =>
      path.steps.flatMap(({ effects }) =>
        effects.map(({ params }) => params as { reason?: string } | undefined),
      ),
    );
    const named = new Set(
      reasons.map((params) => params?.reason).filter((reason) => typeof reason === 'string'),
    );
    expect([...named].toSorted()).toEqual(['client namespace disconnect', 'server namespace disconnect']);
  });
});

function hasLogin({ path, kind }: Route): boolean {
  return kind.logsInFirst || path.steps[0]!.answers.authenticates === true;
}

function isWarned({ path }: Route): boolean {
  return path.steps.some(({ delay }) => delay === 'tokenWarning');
}

function titleOf({ path, kind }: Route): string {
  const steps = path.steps.map(({ event, delay, state }) => `${delay ?? event} → ${state}`);
  return `${kind.name}: ${steps.join(' → ')}`;
}
