// Builds dist/ from nothing: compiled sources, and the demo page with the stock client beside it.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const dist = join(root, 'dist');

console.log('building dist/ …');
rmSync(dist, { recursive: true, force: true });
const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
cpSync(join(root, 'demo', 'public'), join(dist, 'demo', 'public'), { recursive: true });
const client = join(dirname(require.resolve('socket.io-client/package.json')), 'dist');
for (const file of ['socket.io.esm.min.js', 'socket.io.esm.min.js.map']) {
  copyFileSync(join(client, file), join(dist, 'demo', 'public', file.replace('.esm.min', '')));
}
chmodSync(join(dist, 'main.js'), 0o755);
console.log('built dist/main.js');
