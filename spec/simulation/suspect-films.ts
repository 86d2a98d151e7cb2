import { keepFilm } from '../support/failed-film.ts';
import { Projector } from './projector.ts';
import { simulate, type Verdict } from './simulate.ts';

/** Connections whose films are kept of one seed. */
const MOST_FILMS = 5;

/** Runs the seed once more, which does the same, and films it: where the films of the connections in question lie. */
export async function suspectFilms({ options, suspects }: Verdict): Promise<string[]> {
  if (suspects.length === 0) return [];
  const projector = new Projector();
  await simulate({ ...options, projector });
  return suspects
    .slice(0, MOST_FILMS)
    .flatMap((id) => projector.filmsOf(id))
    .map(keepFilm);
}
