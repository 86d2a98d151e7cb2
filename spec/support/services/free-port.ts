import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One file for each port that a test of any process on this machine has been given. */
const CLAIMS = join(tmpdir(), 'holdfast-ports');
/** Left behind by a process that was killed, ms. */
const STALE = 3_600_000;
const claimed: string[] = [];

/**
 * A port that nobody listens on now, below the range the system gives out for outgoing connections, and that nobody
 * else is given before it is listened on: tests run side by side.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (claim(port) && (await isFree(port))) return port;
  }
}

function claim(port: number): boolean {
  mkdirSync(CLAIMS, { recursive: true });
  const file = join(CLAIMS, String(port));
  try {
    if (Date.now() - statSync(file).mtimeMs > STALE) rmSync(file, { force: true });
  } catch {
    // Nobody has it.
  }
  try {
    closeSync(openSync(file, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  if (claimed.length === 0) process.once('exit', giveBack);
  claimed.push(file);
  return true;
}

function giveBack(): void {
  for (const file of claimed) rmSync(file, { force: true });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      const taken = (server.address() as AddressInfo).port;
      server.close(() => resolve(taken === port));
    });
  });
}
