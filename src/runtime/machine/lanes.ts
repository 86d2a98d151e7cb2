import type { Decision, Exploration } from './explore.ts';
import type { TimerDefinition } from './inspect-definition.ts';

/**
 * Gives every timer a lane such that timers which can be armed at the same time have different ones. A row then
 * keeps one timer handle per lane, not one per timer.
 */
export function assignLanes(exploration: Exploration, timers: readonly TimerDefinition[]): number[] {
  const together = timers.map(() => new Set<number>());
  const conflict = (a: number, b: number): void => {
    if (a === b) return;
    together[a]!.add(b);
    together[b]!.add(a);
  };
  const owned = (paths: readonly string[]): number[] =>
    timers.flatMap(({ owner }, i) => (paths.includes(owner) ? [i] : []));

  // Steps arm and cancel one after the other, so neighbours within a transition count, too.
  const walk = (decision: Decision, armedBefore: readonly number[]): void => {
    if ('guard' in decision) {
      walk(decision.ifTrue, armedBefore);
      walk(decision.ifFalse, armedBefore);
      return;
    }
    const armed = new Set(armedBefore);
    for (const step of decision.steps) {
      if (step.kind === 'effect') continue;
      const timer = timers.findIndex(({ event }) => event === step.timer);
      if (step.kind === 'cancel') armed.delete(timer);
      else {
        for (const other of armed) conflict(timer, other);
        armed.add(timer);
      }
    }
  };
  walk(exploration.start, []);
  for (const { activePaths, reactions } of exploration.states) {
    const armed = owned(activePaths);
    for (const a of armed) for (const b of armed) conflict(a, b);
    for (const decision of reactions.values()) walk(decision, armed);
  }

  const lanes: number[] = [];
  timers.forEach((_, timer) => {
    let lane = 0;
    while (lanes.some((taken, other) => taken === lane && together[timer]!.has(other))) lane++;
    lanes[timer] = lane;
  });
  return lanes;
}
