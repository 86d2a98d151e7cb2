import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Readings, Scenario } from './scenario.ts';

const SCRIPT = fileURLToPath(new URL('../machine/census.ts', import.meta.url));
/** The limit of open files of many a machine does not allow so many sockets; this needs none. */
const CONNECTIONS = 50_000;

/** Counting 50,000 connections twice a second, without any socket: see `bench/machine/census.ts`. */
export const census: Scenario = {
  name: 'census',
  subjects: ['holdfast'],
  measures: [
    {
      key: 'whole',
      title: 'counting 50,000 connections for the inspector twice a second, share of a core',
      unit: '%',
      digits: 2,
      target: { kind: 'at most', figure: 3 },
    },
    {
      key: 'transport',
      title: 'the same: those of a transport',
      unit: '%',
      digits: 2,
      target: { kind: 'at most', figure: 3 },
    },
    {
      key: 'namespace',
      title: 'the same: those of a namespace',
      unit: '%',
      digits: 2,
      target: { kind: 'at most', figure: 3 },
    },
  ],
  async run(bench) {
    const args = ['--import', 'tsx', SCRIPT, String(CONNECTIONS), String(bench.seconds)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as Readings;
  },
};
