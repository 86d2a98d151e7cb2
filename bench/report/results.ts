import type { Measure, Readings, Scenario } from '../scenarios/scenario.ts';
import type { SubjectName } from '../subjects/subject.ts';

/** All readings of a bench run: scenario → server → one entry per run, and what failed. */
export class Results {
  readonly #readings = new Map<string, Readings[]>();
  readonly failures: string[] = [];

  add(scenario: Scenario, subject: SubjectName, readings: Readings): void {
    const key = `${scenario.name} ${subject}`;
    this.#readings.set(key, [...(this.#readings.get(key) ?? []), readings]);
  }

  /** Sorted values of one measure; empty when there are none. */
  values(scenario: Scenario, subject: SubjectName, measure: Measure): number[] {
    const readings = this.#readings.get(`${scenario.name} ${subject}`) ?? [];
    return readings
      .map((one) => one[measure.key])
      .filter((value) => value !== undefined)
      .sort((a, b) => a - b);
  }
}

/** The middle one, or the mean of the two in the middle. `sorted` must not be empty. */
export function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
