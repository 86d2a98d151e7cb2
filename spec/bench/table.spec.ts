import { describe, expect, it } from 'vitest';
import { median, Results } from '../../bench/report/results.ts';
import { markdownTable, timesFloor, verdict } from '../../bench/report/table.ts';
import type { Measure, Scenario, Target } from '../../bench/scenarios/scenario.ts';

function scenarioWith(target: Target | null): { scenario: Scenario; measure: Measure } {
  const measure: Measure = { key: 'cpu', title: 'per message', unit: 'µs', digits: 1, target };
  const scenario: Scenario = {
    name: 'broadcast',
    subjects: ['floor', 'holdfast'],
    measures: [measure],
    run: () => Promise.resolve({}),
  };
  return { scenario, measure };
}

function resultsOf(scenario: Scenario, floor: readonly number[], holdfast: readonly number[]): Results {
  const results = new Results();
  for (const cpu of floor) results.add(scenario, 'floor', { cpu });
  for (const cpu of holdfast) results.add(scenario, 'holdfast', { cpu });
  return results;
}

describe('the table of a bench run', () => {
  it('compares medians, not means', () => {
    const { scenario, measure } = scenarioWith({ kind: 'times the floor', factor: 1.5 });
    const results = resultsOf(scenario, [10, 10, 100], [14, 15, 90]);
    expect(timesFloor(scenario, measure, results)).toBe(1.5);
    expect(verdict(scenario, measure, results)).toBe('reached');
  });

  it('says missed when the ratio to the floor is above the target', () => {
    const { scenario, measure } = scenarioWith({ kind: 'times the floor', factor: 1.1 });
    expect(verdict(scenario, measure, resultsOf(scenario, [10], [11.1]))).toBe('missed');
  });

  it('says missed when an absolute figure is above the target', () => {
    const { scenario, measure } = scenarioWith({ kind: 'at most', figure: 25 });
    expect(verdict(scenario, measure, resultsOf(scenario, [], [25]))).toBe('reached');
    expect(verdict(scenario, measure, resultsOf(scenario, [], [25.1]))).toBe('missed');
  });

  it('gives no verdict without a floor to compare with', () => {
    const { scenario, measure } = scenarioWith({ kind: 'times the floor', factor: 1.1 });
    expect(verdict(scenario, measure, resultsOf(scenario, [], [10]))).toBe('');
  });

  it('shows median and spread, and a dash where nothing was measured', () => {
    const { scenario } = scenarioWith({ kind: 'times the floor', factor: 1.5 });
    const table = markdownTable(
      [scenario],
      ['floor', 'holdfast', 'socket.io-ws'],
      resultsOf(scenario, [8, 10, 9], [18]),
    );
    const cells = table
      .split('\n')
      .at(-1)!
      .split('|')
      .map((cell) => cell.trim());
    expect(cells.slice(1, -1)).toEqual([
      'per message',
      'µs',
      '9.0 (8.0–10.0)',
      '18.0',
      '–',
      '2.00',
      '≤ 1.5 × floor',
      'missed',
    ]);
  });

  it('takes the mean of the two in the middle of an even number of runs', () => {
    expect(median([1, 2, 4, 100])).toBe(3);
  });
});
