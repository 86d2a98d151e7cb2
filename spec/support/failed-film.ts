import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Film } from '../../src/runtime/film/film.ts';

/** Writes the film of a connection with which a test has failed; returns what to say about it. */
export function keepFilm(film: Film | null): string {
  if (film === null) return 'film: there is none';
  const { id, node } = film.subject;
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-film-')), `connection-${id}-node-${node}.film.json`);
  writeFileSync(file, JSON.stringify(film));
  return `film: ${file}\nreplay: node dist/main.js replay ${file}`;
}
