import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { simulate, type Verdict } from './simulate.ts';
import { suspectFilms } from './suspect-films.ts';

/** No promise of the product is about real time: slow machines may take as long as they need. */
export const PATIENCE = 1_800_000;

/** Seeds of one file of tests: several files run side by side. */
export async function expectCleanSeeds(from: number, seeds: number): Promise<void> {
  const failed: string[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    const verdict = await simulate({ seed });
    if (verdict.found !== '') failed.push(await report(verdict));
  }
  expect(failed.join('\n\n')).toBe('');
}

/** For people: what is wrong, where the films lie, and how to see it again. */
export async function report(verdict: Verdict): Promise<string> {
  const { seed, bus, summary, found, film } = verdict;
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-simulation-')), `seed-${seed}.txt`);
  writeFileSync(file, [...film, summary, found, ''].join('\n'));
  const again = `again: npm run simulate -- --seed ${seed} --bus ${bus}`;
  return [`seed ${seed} (${summary})`, found, `story: ${file}`, again, ...(await suspectFilms(verdict))].join(
    '\n',
  );
}
