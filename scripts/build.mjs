// Builds dist/ from nothing: compiled sources, the demo page with the stock client beside it, the inspector's page.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const dist = join(root, 'dist');
// Built beside it and then put in its place: a build that fails leaves the old one alone.
const next = join(root, `dist.${process.pid}`);

console.log('building dist/ …');
const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
try {
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', next], {
    stdio: 'inherit',
  });
  await build({
    configFile: join(root, 'inspector', 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(next, 'inspector'), emptyOutDir: true },
  });
} catch (error) {
  if (error?.status === undefined) console.error(error);
  rmSync(next, { recursive: true, force: true });
  console.error('the build failed');
  process.exit(1);
}
cpSync(join(root, 'demo', 'public'), join(next, 'demo', 'public'), { recursive: true });
const client = join(dirname(require.resolve('socket.io-client/package.json')), 'dist');
for (const file of ['socket.io.esm.min.js', 'socket.io.esm.min.js.map']) {
  copyFileSync(join(client, file), join(next, 'demo', 'public', file.replace('.esm.min', '')));
}
chmodSync(join(next, 'main.js'), 0o755);
rmSync(dist, { recursive: true, force: true });
renameSync(next, dist);
console.log('built dist/main.js');
