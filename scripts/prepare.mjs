// What every command needs before it can run from a fresh clone: the packages, and a build that is up to date.
// Uses nothing but Node and npm.
import { execSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs what package-lock.json says, unless it is there already. */
export function install() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && modified(installed) >= modified(join(root, 'package-lock.json'))) return;
  console.log('installing packages …');
  execSync('npm ci --no-audit --no-fund --loglevel=error', { cwd: root, stdio: 'inherit' });
}

/** Builds dist/, unless no source is newer than it. */
export function build() {
  const built = join(root, 'dist', 'main.js');
  const sources = [
    'src',
    'demo',
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'scripts/build.mjs',
  ];
  if (existsSync(built) && sources.every((source) => newest(join(root, source)) <= modified(built))) return;
  execSync(`"${process.execPath}" scripts/build.mjs`, { cwd: root, stdio: 'inherit' });
}

function modified(path) {
  return statSync(path).mtimeMs;
}

function newest(path) {
  if (!statSync(path).isDirectory()) return modified(path);
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))));
}
