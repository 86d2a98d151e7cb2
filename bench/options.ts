import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { SUBJECTS } from './subjects/index.ts';
import type { Subject } from './subjects/subject.ts';

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly subjects: readonly Subject[];
  readonly runs: number;
  readonly conns: number;
  readonly seconds: number;
  readonly save: boolean;
  /** Build Holdfast first. */
  readonly build: boolean;
  /** Record a CPU profile of each measuring window. */
  readonly profile: boolean;
}

export const HELP = `npm run bench -- [options]

  --only <a,b>       scenarios: ${SCENARIOS.map((s) => s.name).join(', ')}
  --servers <a,b>    servers: ${SUBJECTS.map((s) => s.name).join(', ')}
  --runs <n>         runs of each scenario against each server (3)
  --conns <n>        connections (10000)
  --seconds <n>      length of a measuring window (10)
  --no-build         measure dist/ as it is
  --no-save          print only, leave bench/results/ alone
  --profile          one run against Holdfast, with a CPU profile of each measuring window in bench/results/profiles/;
                     the figures then include the profiler`;

/** Reads the command line; null when help was asked for. Throws on what it does not know. */
export function readOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      only: { type: 'string' },
      servers: { type: 'string' },
      runs: { type: 'string' },
      conns: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '10' },
      save: { type: 'boolean', default: true },
      build: { type: 'boolean', default: true },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const subjects = choose(SUBJECTS, values.servers ?? (values.profile ? 'holdfast' : undefined), 'server');
  return {
    scenarios: choose(SCENARIOS, values.only, 'scenario'),
    subjects,
    build: values.build && subjects.some(({ name }) => name === 'holdfast' || name.startsWith('cluster-')),
    runs: positive(values.runs ?? (values.profile ? '1' : '3'), 'runs'),
    conns: positive(values.conns, 'conns'),
    seconds: positive(values.seconds, 'seconds'),
    save: values.save && !values.profile,
    profile: values.profile,
  };
}

function choose<T extends { readonly name: string }>(
  all: readonly T[],
  names: string | undefined,
  what: string,
): T[] {
  if (names === undefined) return [...all];
  return names.split(',').map((name) => {
    const found = all.find((one) => one.name === name);
    if (!found) throw new Error(`Unknown ${what} "${name}". Known: ${all.map((one) => one.name).join(', ')}`);
    return found;
  });
}

function positive(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${option} must be a positive whole number, not "${text}"`);
  return value;
}
