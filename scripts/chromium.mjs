/**
 * Finds a Chromium for the browser tests and the screenshots, and installs one where that is possible.
 * As a program it prints the path.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MACOS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** No GPU, no first-run pages, and nothing that would call home in the background. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of an executable. `CHROMIUM` in the environment wins. Throws with what to do when there is none. */
export function chromium() {
  return process.env.CHROMIUM || find() || install();
}

function find() {
  const inPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...inPath, ...MACOS].find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install() {
  const byHand = 'Install Chromium or Chrome, or set CHROMIUM to the path of one.';
  const apt = spawnSync('apt-get', ['--version']).status === 0;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (!apt) throw new Error(`The browser tests need Chromium and this system has no apt-get. ${byHand}`);
  console.error('Chromium is missing: installing it with apt-get (about 100 MB, once) …');
  run([...sudo, 'apt-get', 'update', '-qq'], byHand);
  run([...sudo, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium'], byHand);
  const found = find();
  if (!found) throw new Error(`apt-get installed Chromium, but it is not in PATH. ${byHand}`);
  console.error(`Chromium is at ${found}`);
  return found;
}

function run([command, ...args], byHand) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`“${[command, ...args].join(' ')}” failed. ${byHand}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(chromium());
