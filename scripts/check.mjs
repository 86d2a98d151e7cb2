// `npm run check`: types, lint and unit tests, side by side, for the moment between two edits.
import { spawn } from 'node:child_process';
import { root } from './prepare.mjs';

const started = Date.now();
const checks = [
  ['types', ['tsc']],
  ['types of the inspector', ['tsc', '-p', 'inspector']],
  ['lint', ['biome', 'check', '--error-on-warnings']],
  ['unit', ['vitest', 'run', '--project', 'unit', '--reporter=dot']],
];
const results = await Promise.all(checks.map(([name, command]) => run(name, command)));
console.log(`${results.every(Boolean) ? 'all is well' : 'something is wrong'}, ${Date.now() - started} ms`);
process.exitCode = results.every(Boolean) ? 0 : 1;

function run(name, command) {
  return new Promise((resolve) => {
    const child = spawn('npx', ['--no-install', ...command], {
      cwd: root,
      shell: process.platform === 'win32',
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => {
      console.log(`${name}: ${code === 0 ? 'ok' : `failed\n${output}`}`);
      resolve(code === 0);
    });
  });
}
