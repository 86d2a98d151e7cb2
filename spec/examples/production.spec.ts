import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const SECRETS = {
  HOLDFAST_PUSH_TOKENS: 'orders:kelp-and-limpets-9,comments:heron-over-water-4',
  HOLDFAST_ADMIN_TOKEN: 'lighthouse-keeper-7',
  HOLDFAST_BACKEND_SECRET: `whsec_${Buffer.from('signs every call to the backend.').toString('base64')}`,
};

function check(environment: Record<string, string>) {
  const program = process.env.HOLDFAST_PROGRAM ?? join(ROOT, 'dist/main.js');
  const args = [program, 'config', 'check', '--config', 'examples/production/holdfast.yaml'];
  return spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...environment },
  });
}

it('is a valid configuration once the secrets are in the environment', () => {
  const { status, stderr } = check(SECRETS);
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

it('is refused without them, by the names of the settings that are missing', () => {
  const { status, stdout, stderr } = check({});
  expect(status).toBe(2);
  expect(stdout + stderr).toContain('push.tokens');
  expect(stdout + stderr).toContain('admin.token');
});
