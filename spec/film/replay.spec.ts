import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventFrame, Film } from '../../src/runtime/film/film.ts';
import { firstDifference, replay } from '../../src/runtime/film/replay.ts';
import { RandomLife } from '../gateway/random-life.ts';
import { filmsOf, idsOf, inspectorOf, TABLES } from './recorded-world.ts';

/** Every connection of a random life, filmed. */
async function filmed(seed: number, adaptive: boolean, history: number): Promise<Film[]> {
  const life = new RandomLife(seed, adaptive);
  const inspector = inspectorOf(life.world, { history });
  inspector.films.watchAll();
  await life.live(700);
  await life.end();
  return filmsOf(inspector);
}

/** The same life, in which connections are watched from some moment on. */
async function filmedLate(seed: number): Promise<Film[]> {
  const life = new RandomLife(seed);
  const inspector = inspectorOf(life.world);
  await life.live(400);
  for (const id of idsOf(life.world)) inspector.watch(id);
  await life.live(300);
  const watched = idsOf(life.world).filter((id) => inspector.connection(id)!.watched);
  return watched.map((id) => inspector.film(id)!);
}

function eventsOf(film: Film): EventFrame[] {
  return film.frames.filter((frame) => frame.kind === 'event');
}

/** Ways to make a step say something else; undefined where there is nothing to change. */
const TAMPERINGS: Readonly<Record<string, (frame: EventFrame) => EventFrame | undefined>> = {
  target: (frame) => ({ ...frame, to: frame.to === 'closing' ? 'closed' : 'closing' }),
  source: (frame) => ({ ...frame, from: frame.from === 'closing' ? 'closed' : 'closing' }),
  guard: (frame) => {
    const [first, ...rest] = frame.guards;
    return first && { ...frame, guards: [{ ...first, answer: !first.answer }, ...rest] };
  },
  'missing guard': (frame) => (frame.guards.length > 0 ? { ...frame, guards: [] } : undefined),
  effect: (frame) => (frame.effects.length > 0 ? { ...frame, effects: frame.effects.slice(1) } : undefined),
  parameter: (frame) => {
    const at = frame.effects.findIndex(({ params }) => params !== undefined);
    if (at < 0) return undefined;
    return {
      ...frame,
      effects: frame.effects.with(at, { ...frame.effects[at]!, params: { reason: 'none' } }),
    };
  },
  'armed timer': ({ timers, ...frame }) =>
    timers.armed.length > 0 ? { ...frame, timers: { ...timers, armed: timers.armed.slice(1) } } : undefined,
  'cancelled timer': ({ timers, ...frame }) =>
    timers.cancelled.length > 0 ? { ...frame, timers: { ...timers, cancelled: [] } } : undefined,
  event: (frame) => ({ ...frame, event: 'NEVER_HEARD_OF' }),
};

describe('a film', { timeout: 180_000 }, () => {
  it('of any random life is played by the machines that made it without a difference, however much of it was kept', async () => {
    let frames = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.boolean(),
        fc.constantFrom(1, 3, 20, 10_000),
        async (seed, adaptive, history) => {
          for (const film of await filmed(seed, adaptive, history)) {
            expect(film.frames.length).toBeLessThanOrEqual(history);
            expect(firstDifference(film, TABLES)).toBeNull();
            frames += film.frames.length;
          }
        },
      ),
      { numRuns: 12 },
    );
    expect(frames).toBeGreaterThan(1_000);
  });

  it('of a connection that was running when the watch began starts from its states and timers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const films = await filmedLate(seed);
        expect(films.length).toBeGreaterThan(0);
        for (const film of films) {
          expect(film.start.machines[0]).toMatchObject({ machine: 'connection', actor: film.subject.id });
          expect(firstDifference(film, TABLES)).toBeNull();
        }
      }),
      { numRuns: 5 },
    );
  });

  it.each(Object.entries(TAMPERINGS))(
    'in which a %s was tampered with is found out at that frame',
    async (_, tamper) => {
      let found = 0;
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(), async (seed, pick) => {
          for (const film of await filmed(seed, seed % 2 === 0, 10_000)) {
            const candidates = eventsOf(film).flatMap((frame) => tamper(frame) ?? []);
            if (candidates.length === 0) continue;
            const wrong = candidates[pick % candidates.length]!;
            const frames = film.frames.map((frame) => (frame.n === wrong.n ? wrong : frame));
            expect(firstDifference({ ...film, frames }, TABLES)?.n).toBe(wrong.n);
            found++;
          }
        }),
        { numRuns: 3 },
      );
      expect(found).toBeGreaterThan(0);
    },
  );

  it('tells at each frame which timers are armed and when they are over', async () => {
    const films = await filmed(5, false, 10_000);
    let fired = 0;
    for (const film of films) {
      let before = new Map<string, number>();
      for (const { frame, machines } of replay(film, TABLES)) {
        if (frame.kind === 'event' && frame.event.includes('@')) {
          const due = before.get(`${frame.machine} ${frame.actor} ${frame.event}`);
          // Timers are never early; this process stands still now and then, and they are late by that.
          expect(due).toBeLessThanOrEqual(frame.at + 1);
          fired++;
        }
        before = new Map(
          machines.flatMap(({ machine, actor, timers }) =>
            timers.map(({ name, due }) => [`${machine} ${actor} ${name}`, due] as const),
          ),
        );
      }
    }
    expect(fired).toBeGreaterThan(50);
  });
});
