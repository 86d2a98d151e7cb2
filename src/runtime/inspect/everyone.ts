import type { StateCensus } from '../ports/census.ts';
import { SAMPLE, type StateTally } from './state-tally.ts';

/**
 * Counts all rows of a machine. The figures are those the runner keeps anyway; the lengths of stay come from every n-th
 * row of a configuration, so that a state with three rows among a hundred thousand has all three in the sample.
 */
export function countEveryone(tally: StateTally, rows: number): Record<string, StateCensus> {
  const { runner } = tally;
  tally.clear();
  const { population } = runner;
  const every = new Int32Array(population.length);
  const due = new Int32Array(population.length);
  for (let state = 1; state < population.length; state++) {
    if (population[state]! > 0) tally.count(state, population[state]!);
    every[state] = Math.max(1, Math.ceil(population[state]! / SAMPLE));
    // In the middle of the first so many, so that the oldest rows are not always the ones asked.
    due[state] = (every[state]! + 1) >> 1;
  }
  for (let row = 0; row < rows; row++) {
    const state = runner.state(row);
    if (state === 0 || --due[state]! > 0) continue;
    due[state] = every[state]!;
    tally.sample(row, state, every[state]!);
  }
  return tally.result();
}
