// `npm run simulate -- --seeds 100000 [--from 1]`: clusters in virtual time, one for each seed, judged by their history.
// `npm run simulate -- --seed 42`: that one again, with its film.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install } from './prepare.mjs';

install();
const cwd = fileURLToPath(new URL('..', import.meta.url));
const args = ['--import', 'tsx', 'spec/simulation/main.ts', ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, args, { cwd, stdio: 'inherit' }).status ?? 1);
