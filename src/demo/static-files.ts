import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
}

/**
 * Reads the demo page into memory. Keys are the paths to serve: `/` for the page, `/demo/<file>` for the
 * rest. Rejects when the page is not where the build (or the repository) has it.
 */
export async function demoFiles(): Promise<Map<string, StaticFile>> {
  const files = new Map<string, StaticFile>();
  for (const path of await pageFiles()) {
    const type = TYPES[extname(path)];
    const name = basename(path).replace('.esm.min.', '.');
    if (type) files.set(name === 'index.html' ? '/' : `/demo/${name}`, { type, body: await readFile(path) });
  }
  return files;
}

/** Once built, page and stock client lie beside this file; run from source, they are where they come from. */
async function pageFiles(): Promise<string[]> {
  const built = import.meta.url.endsWith('.js');
  const folder = fileURLToPath(new URL(built ? './public/' : '../../demo/public/', import.meta.url));
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  if (built) return paths;
  const client = createRequire(import.meta.url).resolve('socket.io-client/package.json');
  return [...paths, join(dirname(client), 'dist/socket.io.esm.min.js')];
}
