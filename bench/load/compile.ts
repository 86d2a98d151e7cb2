import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILD = join(HERE, 'build');

/** Compiles `load/<name>.c` when it is newer than its binary, and returns the binary's path. */
export async function compile(name: 'sockets' | 'requests'): Promise<string> {
  const source = join(HERE, `${name}.c`);
  const binary = join(BUILD, name);
  const changed = Math.max(await changedAt(source), await changedAt(join(HERE, 'latency.h')));
  if ((await changedAt(binary)) > changed) return binary;
  await mkdir(BUILD, { recursive: true });
  const compiler = process.env.CC ?? 'gcc';
  try {
    await promisify(execFile)(compiler, ['-O2', '-Wall', '-Wextra', '-o', binary, source]);
  } catch (error) {
    throw new Error(
      `The load client needs a C compiler on Linux; "${compiler}" (set CC to change) said: ${error}`,
    );
  }
  return binary;
}

async function changedAt(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.mtimeMs,
    () => 0,
  );
}
