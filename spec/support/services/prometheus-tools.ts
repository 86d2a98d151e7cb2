import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exists } from './install.ts';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/holdfast', import.meta.url));
const FOLDER = join(CACHE, 'prometheus');
const HELP =
  'Install Prometheus (2.40 or newer; Debian: apt-get install prometheus), or name the folder of its programs in PROMETHEUS_BIN.';

/** Where `prometheus` or `promtool` is: in PROMETHEUS_BIN, on the PATH, or unpacked from Debian's package, once. */
export function prometheusTool(name: 'prometheus' | 'promtool'): string {
  const given = process.env.PROMETHEUS_BIN;
  if (given !== undefined) {
    if (!existsSync(join(given, name))) throw new Error(`there is no ${name} in PROMETHEUS_BIN=${given}`);
    return join(given, name);
  }
  if (exists(name)) return name;
  const cached = join(FOLDER, name);
  if (!existsSync(cached)) unpack();
  if (spawnSync(cached, ['--version'], { stdio: ['ignore', 'ignore', 2] }).status === 0) return cached;
  throw new Error(`Debian's ${name} in ${FOLDER} does not run on this machine. ${HELP}`);
}

/**
 * Not installed: the package would start a server. Needs no root, unless the lists of packages are missing, as they are on
 * a fresh machine. Complete or not there at all.
 */
function unpack(): void {
  if (!exists('apt-get') || !exists('dpkg')) throw new Error(`Prometheus is missing. ${HELP}`);
  process.stderr.write("fetching Debian's package of Prometheus, once (about 20 MB) …\n");
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    const run = (program: string, ...flags: string[]) =>
      spawnSync(program, flags, { cwd: work, stdio: ['ignore', 'ignore', 2] }).status === 0;
    const fetched =
      run('apt-get', 'download', 'prometheus') ||
      (run('apt-get', 'update', '-qq') && run('apt-get', 'download', 'prometheus'));
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    const programs = join(work, 'all/usr/bin');
    if (!fetched || archive === undefined || !run('dpkg', '-x', archive, 'all') || !existsSync(programs)) {
      throw new Error(`Prometheus could not be fetched with apt-get, which says above why. ${HELP}`);
    }
    keep(programs);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whoever fetched it at the same time may have been quicker. */
function keep(programs: string): void {
  try {
    renameSync(programs, FOLDER);
  } catch (error) {
    if (!existsSync(FOLDER)) throw error;
  }
}
