import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Film, readFilm } from '../../src/runtime/film/film.ts';
import { firstDifference } from '../../src/runtime/film/replay.ts';
import { KAFKA_FAULTS } from '../simulation/kafka-faults.ts';
import { Projector } from '../simulation/projector.ts';
import { SAFEGUARDS } from '../simulation/safeguards.ts';
import { simulate } from '../simulation/simulate.ts';
import { suspectFilms } from '../simulation/suspect-films.ts';
import { TABLES } from './recorded-world.ts';

const PATIENCE = 300_000;

describe('a session that moves to another node', { timeout: PATIENCE }, () => {
  it('ends its film with where it went, and begins another one there', async () => {
    const projector = new Projector();
    const { found } = await simulate({ seed: 7, bus: 'redis', faults: [], projector });
    expect(found).toBe('');
    const films = projector.films();
    for (const film of films) expect(firstDifference(film, TABLES)).toBeNull();
    const moved = films.filter(({ frames }) => endOf(frames) === 'moved');
    expect(moved.length).toBeGreaterThan(0);
    for (const { subject, frames } of moved) {
      const last = frames.at(-1) as { node: string };
      expect(last.node).not.toBe(subject.node);
      const there = films.find(
        (other) => other.subject.id === subject.id && other.subject.node === last.node,
      );
      expect(there?.start.machines[0]?.state).toMatch(/^open\.websocket\./);
    }
  });
});

describe('a seed that fails', { timeout: PATIENCE }, () => {
  it('is filmed: the connections that it is about leave films', async () => {
    const films: Film[] = [];
    for (const safeguard of SAFEGUARDS) {
      const { bus = 'redis' } = safeguard;
      const faults = KAFKA_FAULTS.filter(({ name }) => safeguard.under.includes(name));
      for (const seed of safeguard.seeds) {
        const verdict = await simulate({ seed, bus, faults, without: safeguard });
        if (verdict.suspects.length === 0) continue;
        const said = await suspectFilms(verdict);
        expect(said.join('\n')).toMatch(/^film: .+\.film\.json\nreplay: node dist\/main\.js replay /);
        films.push(...said.map((text) => readFilm(readFileSync(/^film: (.+)$/m.exec(text)![1]!, 'utf8'))));
        expect(films.map(({ subject }) => subject.id)).toContain(verdict.suspects[0]);
        return;
      }
    }
    expect(films).not.toEqual([]);
  });
});

function endOf(frames: Film['frames']): string {
  const last = frames.at(-1)!;
  return last.kind === 'ended' ? last.why : '';
}
