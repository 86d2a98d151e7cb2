// `npm run soak -- --minutes 60 --bus kafka|redis --clients 60 --seed 1`: traffic under faults, judged by its history.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build, install } from './prepare.mjs';

install();
build();
const cwd = fileURLToPath(new URL('..', import.meta.url));
const args = ['--import', 'tsx', 'spec/cluster/support/soak/main.ts', ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, args, { cwd, stdio: 'inherit' }).status ?? 1);
