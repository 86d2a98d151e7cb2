import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;
const [runTime = '', development = ''] = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8')
  .split(/^## /m)
  .slice(1);

function rows(section: string): { name: string; reason: string }[] {
  return [...section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, name = '', reason = '']) => ({
    name,
    reason,
  }));
}

it.each([
  ['dependencies', runTime],
  ['devDependencies', development],
] as const)('gives one line of reason for each of the %s of package.json, in order', (kind, section) => {
  const byName = (a: string, b: string) => a.localeCompare(b, 'en');
  expect(rows(section).map(({ name }) => name)).toEqual(Object.keys(manifest[kind]).sort(byName));
  for (const { name, reason } of rows(section)) expect(reason.length, name).toBeGreaterThan(5);
});
