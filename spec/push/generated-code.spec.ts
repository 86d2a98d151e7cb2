import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const PROTO = join(ROOT, 'proto');
const GENERATED = 'holdfast/v1';
const path = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;

async function buf(...args: string[]): Promise<void> {
  await run('buf', args, { cwd: PROTO, env: { ...process.env, PATH: path } });
}

async function filesBelow(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  );
}

describe('the protobuf definitions', () => {
  it('keep buf’s standard rules, comments included, and its format', { timeout: 60_000 }, async () => {
    await buf('lint');
    await buf('format', '--diff', '--exit-code');
  });

  it('generate the committed code', { timeout: 60_000 }, async () => {
    const out = await mkdtemp(join(tmpdir(), 'holdfast-generated-'));
    try {
      const template = await readFile(join(PROTO, 'buf.gen.yaml'), 'utf8');
      const elsewhere = join(out, 'buf.gen.yaml');
      await writeFile(elsewhere, template.replace('out: ../src/generated', `out: ${join(out, 'code')}`));
      await buf('generate', '--template', elsewhere);
      expect(await filesBelow(join(out, 'code', GENERATED))).toEqual(
        await filesBelow(join(ROOT, 'src/generated', GENERATED)),
      );
    } finally {
      await rm(out, { recursive: true });
    }
  });
});
