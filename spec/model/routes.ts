import type { AnyStateNode } from 'xstate';
import { CONNECTION } from '../../src/machines/connection.ts';
import { type Path, Pathfinder, type PathStep } from '../machines/paths.ts';
import { CLIENT_KINDS, type ClientKind, startOf } from './client-kind.ts';
import { exclusionOf } from './exclusions.ts';

/** One client on one path. */
export interface Route {
  readonly path: Path;
  readonly kind: ClientKind;
  /** Why the world cannot take it; null when it can. */
  readonly exclusion: string | null;
}

const finder = new Pathfinder(CONNECTION);

/** For every kind of client: a path over each transition of the machine, from each configuration it can be in. */
export function connectionRoutes(): Route[] {
  return CLIENT_KINDS.flatMap((kind) => {
    const paths = finder.overEveryTransition([startAnswers(kind)]).filter(does);
    const patient = paths.find(({ steps }) => steps.length === 2 && steps[1]!.delay === 'connectTimeout');
    const faulty = paths.find(
      ({ steps }) => steps[1]?.event === 'NAMESPACE_JOINED' && steps[2]?.event === 'SESSION_LIMIT_EXCEEDED',
    );
    return paths
      .map((path) => lingering(path, path.steps.at(-1)!.event === 'HANDLER_FAILED' ? faulty : patient))
      .map((path) => ({ path, kind, exclusion: exclusionOf(path, kind) }));
  });
}

/** Names a transition of the compiled machine, whatever led to it. */
export function transitionOf({ steps }: Path): string {
  return `${steps.at(-2)?.state ?? ''} ${describe(steps.at(-1)!)}`;
}

function describe({ event, delay, state, effects }: PathStep): string {
  const asked = effects.map(({ name, params }) => name + JSON.stringify(params ?? '')).join();
  return `${delay ?? event} → ${state} ${asked}`;
}

function startAnswers(kind: ClientKind) {
  const wanted = Object.entries(startOf(kind));
  return finder.starts().find((answers) => wanted.every(([guard, answer]) => answers[guard] === answer))!;
}

/** The machine reacts to the last event. */
function does({ steps }: Path): boolean {
  const last = steps.at(-1)!;
  return steps.at(-2)?.state !== last.state || last.effects.length > 0;
}

/** The shortest way to `closing` is a broken rule, after which polling clients get no farewell: take one that waits. */
function lingering(path: Path, patient: Path | undefined): Path {
  if (patient === undefined || path.steps.at(-2)?.state !== 'closing') return path;
  return { ...path, steps: [...patient.steps, path.steps.at(-1)!] };
}

/** Every transition there is, from every start, also from those no client has. */
export function allTransitions(): string[] {
  return [...new Set(finder.overEveryTransition().filter(does).map(transitionOf))];
}

/** The arrows of the statechart as people draw it, `<state> <event>`, and those among them that the routes take. */
export function chartTransitionsOf(routes: readonly Route[]): { all: string[]; taken: Set<string> } {
  const arrows = arrowsOf(CONNECTION.machine.root);
  const taken = new Set<string>();
  for (const { path } of routes) {
    for (const [i, step] of path.steps.entries()) {
      const active = activeIn(path.steps[i - 1]?.state ?? '');
      for (const arrow of arrows) {
        if (arrow.event === step.event && active.has(arrow.source)) taken.add(nameOf(arrow));
      }
    }
  }
  return { all: [...new Set(arrows.map(nameOf))], taken };
}

interface Arrow {
  readonly source: string;
  readonly event: string;
}

function arrowsOf(node: AnyStateNode): Arrow[] {
  const source = node.path.join('.');
  const own = [...node.transitions.keys()]
    .filter((event) => event !== '')
    .map((event) => ({ source, event }));
  return [...own, ...Object.values(node.states).flatMap((child) => arrowsOf(child as AnyStateNode))];
}

function activeIn(state: string): ReadonlySet<string> {
  return new Set(finder.exploration.states.find(({ name }) => name === state)?.activePaths ?? []);
}

function nameOf({ source, event }: Arrow): string {
  return `${source} ${/^xstate\.after\.(\w+)\./.exec(event)?.[1] ?? event}`;
}
