import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
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
 * rest. Rejects when the folder does not exist.
 */
export async function demoFiles(folder: URL | string): Promise<Map<string, StaticFile>> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder);
  const files = new Map<string, StaticFile>();
  for (const name of await readdir(path)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    files.set(name === 'index.html' ? '/' : `/demo/${name}`, {
      type,
      body: await readFile(join(path, name)),
    });
  }
  return files;
}
