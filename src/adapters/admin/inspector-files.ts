import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/plain; charset=utf-8',
};

export interface InspectorFile {
  readonly type: string;
  readonly body: Buffer;
}

/** The inspector page as `npm run build` leaves it, by the path it is served at; without a build there is none. */
export class InspectorFiles {
  private read: Promise<ReadonlyMap<string, InspectorFile>> | null = null;

  /** Reads the folder when it is first asked for: most processes never are. */
  async find(path: string): Promise<InspectorFile | undefined> {
    this.read ??= readFiles().catch((error: unknown) => {
      this.read = null;
      throw error;
    });
    return (await this.read).get(path);
  }
}

async function readFiles(): Promise<Map<string, InspectorFile>> {
  // Beside this file's folder once built; run from source, in what the last build left.
  const built = import.meta.url.endsWith('.js');
  const folder = fileURLToPath(
    new URL(built ? '../../inspector/' : '../../../dist/inspector/', import.meta.url),
  );
  const files = new Map<string, InspectorFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length).replaceAll('\\', '/');
    const body = await readFile(path);
    files.set(name === 'index.html' ? '/inspect' : `/inspect/${name}`, { type, body });
  }
  return files;
}
