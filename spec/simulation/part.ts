import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { simulate, type Verdict } from './simulate.ts';

/** No promise of the product is about real time: slow machines may take as long as they need. */
export const PATIENCE = 1_800_000;

/** Seeds of one file of tests: several files run side by side. */
export async function expectCleanSeeds(from: number, seeds: number): Promise<void> {
  const failed: string[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    const verdict = await simulate({ seed });
    if (verdict.found !== '') failed.push(report(verdict));
  }
  expect(failed.join('\n\n')).toBe('');
}

/** For people: what is wrong, where the film lies, and how to see it again. */
export function report({ seed, bus, summary, found, film }: Verdict): string {
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-simulation-')), `seed-${seed}.txt`);
  writeFileSync(file, [...film, summary, found, ''].join('\n'));
  return `seed ${seed} (${summary})\n${found}\nfilm: ${file}\nagain: npm run simulate -- --seed ${seed} --bus ${bus}`;
}
