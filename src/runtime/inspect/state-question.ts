import { HoldfastError } from '../errors/holdfast-error.ts';
import type { CountedRunner } from './state-tally.ts';

/** How long a row has been in the state, ms; null when it is not. */
export type StateQuestion = (row: number) => number | null;

/**
 * "Is it in …, and for how long?", for the path of a state (`open.transport.polling`) or a whole configuration
 * (`open.polling.calm.alone`). Throws `HoldfastError('invalid_argument')` for anything else.
 */
export function stateQuestion(runner: CountedRunner, name: string): StateQuestion {
  const { machine } = runner;
  const slot = machine.entrySlot.get(name);
  if (slot !== undefined) {
    const isIn = machine.activePaths.map((paths) => paths.includes(name));
    return (row) => (isIn[runner.state(row)] ? runner.dwell(row, slot) : null);
  }
  const code = machine.states.indexOf(name);
  if (code <= 0) {
    const shown = JSON.stringify(name.slice(0, 100));
    throw new HoldfastError('invalid_argument', `state: ${shown} is no state of the ${machine.id} machine`);
  }
  // A configuration began when the last of its parts did.
  const slots = [...new Set(machine.activePaths[code]!.map((path) => machine.entrySlot.get(path)!))];
  return (row) =>
    runner.state(row) === code ? Math.min(...slots.map((one) => runner.dwell(row, one))) : null;
}
