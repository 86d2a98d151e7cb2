import type { Measure, Scenario } from '../scenarios/scenario.ts';
import type { SubjectName } from '../subjects/subject.ts';
import { median, type Results } from './results.ts';

/** One Markdown row per measure: median and spread per server, Holdfast's ratio to the floor, and its target. */
export function markdownTable(
  scenarios: readonly Scenario[],
  subjects: readonly SubjectName[],
  results: Results,
): string {
  const head = ['server CPU or memory per unit', 'unit', ...subjects, '× floor', 'to reach', ''];
  const rows = scenarios.flatMap((scenario) =>
    scenario.measures.map((measure) => {
      const cells = subjects.map((subject) =>
        spread(results.values(scenario, subject, measure), measure.digits),
      );
      const ratio = timesFloor(scenario, measure, results);
      const ratioCell = ratio === null ? '' : ratio.toFixed(2);
      return [
        measure.title,
        measure.unit,
        ...cells,
        ratioCell,
        target(measure),
        verdict(scenario, measure, results),
      ];
    }),
  );
  return align([head, ...rows]);
}

/** Holdfast's median over the floor's; null where one of them is missing or the floor's is nothing. */
export function timesFloor(scenario: Scenario, measure: Measure, results: Results): number | null {
  const floor = results.values(scenario, 'floor', measure);
  const ours = results.values(scenario, 'holdfast', measure);
  if (!floor.length || !ours.length || median(floor) <= 0) return null;
  return median(ours) / median(floor);
}

/** Whether Holdfast's median reaches the target; empty where there is none or nothing to compare. */
export function verdict(scenario: Scenario, measure: Measure, results: Results): '' | 'reached' | 'missed' {
  const ours = results.values(scenario, judged(scenario), measure);
  if (!measure.target || !ours.length) return '';
  switch (measure.target.kind) {
    case 'at most':
      return median(ours) <= measure.target.figure ? 'reached' : 'missed';
    case 'times the floor': {
      const ratio = timesFloor(scenario, measure, results);
      return ratio === null ? '' : ratio <= measure.target.factor ? 'reached' : 'missed';
    }
    default:
      return measure.target satisfies never;
  }
}

/** Whose figures have to reach the targets. */
function judged({ subjects }: Scenario): SubjectName {
  return subjects.includes('holdfast') ? 'holdfast' : subjects[0]!;
}

function spread(sorted: readonly number[], digits: number): string {
  if (!sorted.length) return '–';
  const middle = median(sorted).toFixed(digits);
  if (sorted.length === 1) return middle;
  return `${middle} (${sorted[0]!.toFixed(digits)}–${sorted.at(-1)!.toFixed(digits)})`;
}

function target(measure: Measure): string {
  if (!measure.target) return '';
  return measure.target.kind === 'at most'
    ? `≤ ${measure.target.figure} ${measure.unit}`.trim()
    : `≤ ${measure.target.factor} × floor`;
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}
