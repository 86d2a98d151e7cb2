import { execFileSync, spawnSync } from 'node:child_process';

/** A program of this name on the PATH, installed by apt when it is missing; throws with what to do otherwise. */
export function ensureProgram(name: string, debianPackage: string): void {
  if (exists(name)) return;
  if (exists('apt-get') && process.getuid?.() === 0) {
    console.log(`installing ${debianPackage} …`);
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { env: environment, stdio: 'inherit' });
    spawnSync('apt-get', ['install', '-y', '-qq', debianPackage], { env: environment, stdio: 'inherit' });
    if (exists(name)) return;
  }
  throw new Error(
    `${name} is missing and could not be installed. Install Debian's ${debianPackage}, or run "docker compose up -d" ` +
      'in the root of the project and set REDIS_URL=redis://127.0.0.1:6379 and KAFKA_BROKERS=127.0.0.1:9092.',
  );
}

export function exists(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
