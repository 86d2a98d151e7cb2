import type { MachineTables } from '../machine/compiled-machine.ts';

/** Names of the effects of a transition, in order; the arming and cancelling of timers left out. */
export function effectsOf(machine: MachineTables, transition: number): string[] {
  const names: string[] = [];
  for (let step = machine.stepFrom[transition]!; step < machine.stepFrom[transition + 1]!; step++) {
    const code = machine.stepCode[step]!;
    if (code < machine.effects.length) names.push(machine.effects[code]!);
  }
  return names;
}
