// `npm run bench`: builds what is measured, then runs bench/main.ts with the arguments given. See bench/README.md.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const args = process.argv.slice(2);
const servers = args[args.indexOf('--servers') + 1];
const needsBuild =
  !args.includes('--help') &&
  !args.includes('-h') &&
  (!args.includes('--servers') || servers.includes('holdfast'));
if (needsBuild && !args.includes('--no-build')) run('scripts/build.mjs');
run('--import', 'tsx', 'bench/main.ts', ...args.filter((arg) => arg !== '--no-build'));
