import type { CloseReason } from '../../src/machines/close-reason.ts';
import { keepFilm } from '../support/failed-film.ts';
import { BackendDouble } from './backend-double.ts';
import { Drive, SECRET } from './drive.ts';
import { ModelNode, type Settings } from './model-node.ts';
import type { Route } from './routes.ts';
import { durationsFor, PATIENCE, tokenLifeFor, waitsOf } from './timing.ts';

/** Clients that do something at the same time. */
const SIDE_BY_SIDE = 40;

export interface Outcome {
  /** What went wrong, a line for each client. */
  readonly failures: readonly string[];
  /** How many connections the node has closed for each reason. */
  readonly closed: ReasonCounts;
  /** How many the model would have. */
  readonly expected: ReasonCounts;
}

type ReasonCounts = Partial<Record<CloseReason, number>>;

const LIMITS: Settings = {
  'engine.maxPayload': '100000',
  'slowConsumer.maxBytes': '64KB',
  'socketio.namespaces': '/',
  'drain.rate': '1000000',
  'drain.timeout': '300h',
};

/** What the node must be set to, so that this route can be taken. Routes with equal settings share a node. */
function settingsFor({ path, kind }: Route): Settings {
  const events = new Set(path.steps.map(({ event }) => event));
  const needsToken = events.has('SESSION_LIMIT_EXCEEDED') || events.has('TOKEN_EXPIRED');
  const isAdaptive = path.steps.some(({ answers }) => answers.adaptive === true);
  const waits = waitsOf(path);
  return {
    ...LIMITS,
    ...durationsFor(waits),
    ...(isAdaptive ? { 'heartbeat.adaptive': 'true' } : {}),
    ...(needsToken ? { 'auth.mode': 'jwt', 'auth.jwt.secret': SECRET, 'auth.tokenWarning': '0s' } : {}),
    ...(events.has('SESSION_LIMIT_EXCEEDED') ? { 'sessions.maxPerUser': '1' } : {}),
    ...(events.has('RATE_LIMIT_EXCEEDED')
      ? { 'limits.connection.messages': '1', 'limits.connection.burst': '8' }
      : {}),
    ...(kind.logsInFirst ? { 'auth.mode': 'backend' } : {}),
    'backend.timeout': waits.includes('authTimeout') ? '5s' : '300h',
  };
}

/** Routes that one node can serve side by side: same settings, same waits, and a drain spares nobody. */
export function journeysOf(routes: readonly Route[]): Route[][] {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const key = JSON.stringify([settingsFor(route), waitsOf(route.path)]);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(route);
  }
  return [...groups.values()];
}

/** Takes all routes side by side, each with a client of its own. */
export async function travel(routes: readonly Route[]): Promise<Outcome> {
  const settings = settingsFor(routes[0]!);
  const waits = waitsOf(routes[0]!.path);
  const backend = settings['auth.mode'] === 'backend' ? await BackendDouble.start() : null;
  const node = await ModelNode.start(
    backend === null ? settings : { ...settings, 'backend.url': backend.url },
  );
  const before = node.closed();
  const failures = new Map<Drive, string>();
  const tokenLife = settings['auth.mode'] === 'jwt' ? tokenLifeFor(waits) : null;
  let drives = routes.map((route) => new Drive({ ...route, node, backend, tokenLife }));
  const all = drives;
  const attempt = async (act: (drive: Drive) => Promise<void>) => {
    for (let from = 0; from < drives.length; from += SIDE_BY_SIDE) {
      const some = drives.slice(from, from + SIDE_BY_SIDE);
      const outcomes = await Promise.allSettled(some.map((drive) => act(drive)));
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') continue;
        const drive = some[i]!;
        failures.set(drive, `${drive.name}: ${outcome.reason}\n${keepFilm(drive.film())}`);
      }
    }
    drives = drives.filter((drive) => !failures.has(drive));
  };
  await attempt((drive) => drive.walk());
  for (const _ of waits) {
    await attempt((drive) => drive.prepare());
    await node.advanceUntil(() => drives.every((drive) => drive.hasFired()), PATIENCE);
    await attempt((drive) => drive.fired());
    await attempt((drive) => drive.walk());
  }
  await attempt((drive) => drive.finish());
  await node.advanceUntil(() => drives.every((drive) => drive.isOver()), PATIENCE);
  const closed = subtract(node.closed(), before);
  for (const drive of all) drive.destroy();
  await backend?.close();
  await node.stop();
  return { failures: [...failures.values()], closed, expected: count(all.map(({ reason }) => reason)) };
}

function count(reasons: readonly (CloseReason | null)[]): ReasonCounts {
  const counts: ReasonCounts = {};
  for (const reason of reasons) if (reason !== null) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

function subtract(after: ReasonCounts, before: ReasonCounts): ReasonCounts {
  const reasons = Object.keys(after) as CloseReason[];
  return Object.fromEntries(
    reasons
      .map((reason) => [reason, after[reason]! - (before[reason] ?? 0)] as const)
      .filter(([, number]) => number > 0),
  );
}
