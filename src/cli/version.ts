import { readFileSync } from 'node:fs';

/** The package's version. Beside `src/` and `dist/` alike lies the `package.json` it is written in. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
