import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Options } from '../options.ts';
import type { Machine } from './machine.ts';
import type { Results } from './results.ts';

/** Writes `<time>-<commit>.json` (every reading) and `.md` (the table) and returns the path without extension. */
export async function save(
  folder: string,
  machine: Machine,
  options: Options,
  results: Results,
  table: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const base = join(folder, `${machine.time.slice(0, 16).replaceAll(':', '')}-${machine.commit}`);
  const { runs, conns, seconds } = options;
  const readings = options.scenarios.flatMap((scenario) =>
    scenario.measures.map((measure) => ({
      scenario: scenario.name,
      measure: measure.title,
      unit: measure.unit,
      ...Object.fromEntries(
        options.subjects.map((subject) => [subject.name, results.values(scenario, subject.name, measure)]),
      ),
    })),
  );
  const json = { machine, runs, conns, seconds, readings, failures: results.failures };
  await writeFile(`${base}.json`, `${JSON.stringify(json, null, 2)}\n`);
  await writeFile(`${base}.md`, markdown(machine, options, results, table));
  return base;
}

function markdown(machine: Machine, options: Options, results: Results, table: string): string {
  const lines = [
    `${machine.cpu}, ${machine.cores} cores shared with the load client, ${machine.memoryGb} GB, Linux ${machine.kernel}, ` +
      `Node ${machine.node}, commit ${machine.commit}, ${machine.time}.`,
    `${options.conns} connections, ${options.runs} runs: median (least–most).`,
    '',
    table,
  ];
  if (results.failures.length)
    lines.push('', 'Failed runs:', '', ...results.failures.map((one) => `- ${one}`));
  return `${lines.join('\n')}\n`;
}
