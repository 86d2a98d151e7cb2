// `npm run bench`: runs bench/main.ts with the arguments given. See bench/README.md.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const args = ['--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, args, { cwd, stdio: 'inherit' }).status ?? 1);
