import type { Decision, Exploration, Outcome } from './explore.ts';

/**
 * Where a row notes when it entered each state. States that are never active together share a slot, and a state that is
 * only ever entered along with its parent has the parent's: it was entered when that was.
 *
 * Returns the slot by path, for all states in which a row may come to rest and their ancestors.
 */
export function assignEntrySlots({ start, states }: Exploration): ReadonlyMap<string, number> {
  const outcomes: Outcome[] = [];
  const walk = (decision: Decision): void => {
    if (!('guard' in decision)) outcomes.push(decision);
    else for (const branch of [decision.ifTrue, decision.ifFalse]) walk(branch);
  };
  walk(start);
  for (const { reactions } of states) for (const decision of reactions.values()) walk(decision);

  const paths = [...new Set(states.flatMap(({ activePaths }) => activePaths))];
  const withParent = (path: string): boolean => {
    const parent = parentOf(path);
    return (
      parent !== '' &&
      outcomes.every(({ route: { entered } }) => !entered.includes(path) || entered.includes(parent))
    );
  };
  const own = paths.filter((path) => !withParent(path));
  const slots = new Map<string, number>();
  for (const path of own) {
    const taken = new Set<number | undefined>();
    for (const { activePaths } of states) {
      if (activePaths.includes(path)) for (const other of activePaths) taken.add(slots.get(other));
    }
    let slot = 0;
    while (taken.has(slot)) slot++;
    slots.set(path, slot);
  }
  const slotOf = (path: string): number => slots.get(path) ?? slotOf(parentOf(path));
  return new Map(paths.map((path) => [path, slotOf(path)]));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}
