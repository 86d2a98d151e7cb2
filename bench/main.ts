import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HELP, type Options, readOptions } from './options.ts';
import { describeMachine } from './report/machine.ts';
import { Results } from './report/results.ts';
import { save } from './report/save.ts';
import { markdownTable } from './report/table.ts';
import { runOnce } from './run.ts';
import type { Scenario } from './scenarios/scenario.ts';
import type { Subject } from './subjects/subject.ts';

const BUILD = fileURLToPath(new URL('../scripts/build.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('results', import.meta.url));

const options = parse();
if (!options) {
  console.log(HELP);
} else {
  if (options.build) build();
  const results = await runAll(options);
  const machine = describeMachine();
  const names = options.subjects.map((subject) => subject.name);
  const table = markdownTable(options.scenarios, names, results);
  console.log(`\n${table}`);
  for (const failure of results.failures) console.log(`FAILED ${failure}`);
  if (options.save) console.log(`\nsaved ${await save(RESULTS, machine, options, results, table)}.{json,md}`);
  process.exitCode = results.failures.length ? 1 : 0;
}

function parse(): Options | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

function build(): void {
  const { status } = spawnSync(process.execPath, [BUILD], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Servers take turns within a run, so that a slow minute of the machine hits all of them alike. */
async function runAll(options: Options): Promise<Results> {
  const results = new Results();
  for (const scenario of options.scenarios) {
    for (let run = 1; run <= options.runs; run++) {
      for (const subject of options.subjects) {
        if (scenario.subjects.includes(subject.name)) await runOne(scenario, subject, run, options, results);
      }
    }
  }
  return results;
}

async function runOne(
  scenario: Scenario,
  subject: Subject,
  run: number,
  options: Options,
  results: Results,
): Promise<void> {
  const title = `${scenario.name} ${run}/${options.runs} ${subject.name}`;
  try {
    const readings = await runOnce(scenario, subject, options, join(RESULTS, 'profiles'), (text) =>
      console.log(`  ${title}: ${text}`),
    );
    results.add(scenario, subject.name, readings);
    const shown = scenario.measures
      .filter((measure) => readings[measure.key] !== undefined)
      .map((measure) => `${measure.key} ${readings[measure.key]!.toFixed(measure.digits)} ${measure.unit}`);
    console.log(`${title}: ${shown.join(', ')}`);
  } catch (error) {
    results.failures.push(`${title}: ${(error as Error).message}`);
    console.log(`${title}: FAILED ${(error as Error).message}`);
  }
}
