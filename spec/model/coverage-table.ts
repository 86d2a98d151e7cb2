import type { Route } from './routes.ts';

export interface Coverage {
  readonly transitions: number;
  readonly driven: number;
  /** Reason → how many transitions are left out for it. */
  readonly excluded: Readonly<Record<string, number>>;
  /** Neither driven nor left out for a reason. */
  readonly missing: readonly string[];
}

/**
 * What becomes of every transition of a machine: driven by one kind of client at least, or left out for the reason of
 * the kind that comes closest. `unreachable` says why no client is ever where the others start.
 */
export function coverageOf(
  all: readonly string[],
  routes: readonly Route[],
  nameOf: (route: Route) => string,
  unreachable: (transition: string) => string | null,
): Coverage {
  const driven = new Set<string>();
  const reasons = new Map<string, string>();
  for (const route of routes) {
    const name = nameOf(route);
    if (route.exclusion === null) driven.add(name);
    else if (!reasons.has(name)) reasons.set(name, route.exclusion);
  }
  const excluded: Record<string, number> = {};
  const missing: string[] = [];
  for (const transition of all) {
    if (driven.has(transition)) continue;
    const reason = unreachable(transition) ?? reasons.get(transition) ?? null;
    if (reason === null) missing.push(transition);
    else excluded[reason] = (excluded[reason] ?? 0) + 1;
  }
  return {
    transitions: all.length,
    driven: all.filter((name) => driven.has(name)).length,
    excluded,
    missing,
  };
}

/** For people: one row per reason, and the share. */
export function printCoverage(machine: string, { transitions, driven, excluded }: Coverage): void {
  const percent = (number: number) => `${((100 * number) / transitions).toFixed(1)} %`;
  console.table({
    [`${machine}: driven over real sockets`]: { transitions: driven, share: percent(driven) },
    ...Object.fromEntries(
      Object.entries(excluded).map(([reason, number]) => [
        `left out: ${reason}`,
        { transitions: number, share: percent(number) },
      ]),
    ),
    all: { transitions, share: percent(transitions) },
  });
}
