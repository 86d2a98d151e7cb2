import { describe, expect, it } from 'vitest';
import { FilmError, readFilm } from '../../src/runtime/film/film.ts';
import { Client } from '../gateway/client.ts';
import { World } from '../gateway/world.ts';
import { inspectorOf } from './recorded-world.ts';

function aFilm(): Record<string, unknown> {
  const world = new World();
  const inspector = inspectorOf(world);
  const client = new Client(world).join();
  inspector.watch(client.id);
  world.advance(30_000);
  return JSON.parse(JSON.stringify(inspector.film(client.id))) as Record<string, unknown>;
}

describe('a file', () => {
  it('is read as the film it is', () => {
    const film = aFilm();
    expect(readFilm(JSON.stringify(film))).toEqual(film);
  });

  it.each<[string, string, string]>([
    ['no JSON', '{"format":', 'not a film: it is not JSON'],
    ['something else', '{"a":1}', 'not a film: format is missing, not "holdfast-film"'],
    ['a list', '[]', 'not a film: format is missing'],
    [
      'a later version',
      '{"format":"holdfast-film","version":2}',
      'a film of version 2, but this Holdfast plays version 1',
    ],
    ['empty', '', 'not a film: it is not JSON'],
  ])('that is %s is refused with the reason', (_, text, message) => {
    expect(() => readFilm(text)).toThrow(FilmError);
    expect(() => readFilm(text)).toThrow(message);
  });

  it('with a wrong frame is refused by the place of what is wrong', () => {
    const film = aFilm();
    const frames = film.frames as Record<string, unknown>[];
    const at = frames.findIndex(({ kind }) => kind === 'event');
    const wrong = {
      ...film,
      frames: frames.with(at, { ...frames[at], guards: [{ name: 'adaptive', answer: 'yes' }] }),
    };
    expect(() => readFilm(JSON.stringify(wrong))).toThrow(`frames[${at}].guards[0].answer`);
    const strange = { ...film, frames: [{ n: 0, at: 0, kind: 'dance' }] };
    expect(() => readFilm(JSON.stringify(strange))).toThrow('frames[0].kind');
  });
});
