import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bareBuild } from '../servers/bare-build.ts';
import type { Readings, Scenario } from './scenario.ts';

const SCRIPT = fileURLToPath(new URL('../machine/step.mjs', import.meta.url));

/** One step of the connection machine, without any socket: see `bench/machine/step.mjs`. */
export const machineStep: Scenario = {
  name: 'machine-step',
  subjects: ['holdfast'],
  measures: [
    {
      key: 'compiled',
      title: 'machine step on the compiled table, with effects',
      unit: 'ns',
      digits: 0,
      target: { kind: 'at most', figure: 200 },
    },
    { key: 'bare', title: "the same without the inspector's hooks", unit: 'ns', digits: 0, target: null },
    { key: 'send', title: 'the same in XState: actor.send', unit: 'ns', digits: 0, target: null },
    {
      key: 'transition',
      title: 'the same in XState: bare transition()',
      unit: 'ns',
      digits: 0,
      target: null,
    },
  ],
  async run(bench) {
    const measured = await step(bench.seconds);
    const bare = await step(bench.seconds, dirname(bareBuild()));
    return { ...measured, bare: bare.compiled! };
  },
};

async function step(seconds: number, ...build: string[]): Promise<Readings> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, String(seconds), ...build]);
  return JSON.parse(stdout) as Readings;
}
