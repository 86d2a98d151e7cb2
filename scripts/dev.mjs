// `npm run dev`: `holdfast dev` that starts again whenever a source changes.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

const QUIET = 200;
let child = null;
let timer = null;

install();
restart();
for (const folder of ['src', 'demo', 'inspector']) watch(join(root, folder), { recursive: true }, schedule);

function schedule() {
  clearTimeout(timer);
  timer = setTimeout(restart, QUIET);
}

function restart() {
  try {
    build();
  } catch {
    console.log('the build failed; what runs stays as it is');
    return;
  }
  if (child === null) return start();
  console.log('restarting …');
  child.once('exit', start);
  // Twice: nobody waits for a paced farewell here.
  child.kill('SIGTERM');
  child.kill('SIGTERM');
}

function start() {
  child = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js', 'dev', ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
}
