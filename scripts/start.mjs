// `npm start`: from a fresh clone to a running `holdfast dev`. Arguments after `--` go to it.
import { spawn } from 'node:child_process';
import { build, install, root } from './prepare.mjs';

install();
build();
const child = spawn(
  process.execPath,
  ['--enable-source-maps', 'dist/main.js', 'dev', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
