import { describe, expect, it } from 'vitest';
import { latestFrames } from '../../inspector/src/film/latest-frames.ts';
import { arrowsTaken, sceneOf, standingsAfter } from '../../inspector/src/film/playback.ts';
import { connectionMachine } from '../../src/machines/connection.ts';
import { socketMachine } from '../../src/machines/socket.ts';
import { type EventFrame, readFilm } from '../../src/runtime/film/film.ts';
import { firstDifference } from '../../src/runtime/film/replay.ts';
import { chartOf } from '../../src/runtime/inspect/machine-chart.ts';
import { filmOf, inspectorOf, TABLES } from '../film/recorded-world.ts';
import { Client } from '../gateway/client.ts';
import { World } from '../gateway/world.ts';

const CHARTS = [chartOf(connectionMachine, {}), chartOf(socketMachine, {})];

/** A heartbeat, then silence until the ping times out. */
function heartbeats() {
  const world = new World();
  const inspector = inspectorOf(world);
  inspector.films.watchAll();
  new Client(world, {}).join();
  world.advance(26_000);
  world.advance(60_000);
  return filmOf(inspector, inspector.films.ids()[0]!);
}

describe('the film that the page plays', () => {
  const film = heartbeats();
  const steps = film.frames.filter((frame): frame is EventFrame => frame.kind === 'event');

  it('has after each frame the states that the frame says', () => {
    for (const [i, frame] of film.frames.entries()) {
      if (frame.kind !== 'event' || frame.to === 'absent') continue;
      const standing = standingsAfter(film, i + 1).find(
        ({ actor, machine }) => actor === frame.actor && machine === frame.machine,
      );
      expect(standing?.state).toBe(frame.to);
    }
  });

  it('lights what is active and counts timers down', () => {
    const at = film.frames.findIndex((frame) => frame.kind === 'event' && frame.to.includes('unanswered'));
    const { at: time } = film.frames[at]!;
    const { lit, timers } = sceneOf(film, at + 1, time + 5000, CHARTS).machines.get('connection')!;
    expect([...lit]).toContain('open.heartbeat.unanswered');
    const left = timers.get('open.heartbeat.unanswered')!.get('pingTimeout')!;
    expect(left.of - left.left).toBeCloseTo(5000, -2);
  });

  it('knows by which arrows each step went, for every step that went anywhere', () => {
    const moved = steps.filter(({ from, to, event }) => from !== to && event !== 'START');
    expect(moved.length).toBeGreaterThan(3);
    for (const step of moved) {
      const chart = CHARTS.find(({ id }) => id === step.machine)!;
      expect(arrowsTaken(chart, step), step.event).not.toEqual([]);
      for (const { event } of arrowsTaken(chart, step)) expect(['', step.event]).toContain(event);
    }
  });

  it('can go on without its oldest frames, and is a film all the same', () => {
    const last = film.frames.length;
    for (let most = 1; most < last; most++) {
      const rest = latestFrames(film, most);
      expect(rest.frames).toEqual(film.frames.slice(-most));
      expect(firstDifference(readFilm(JSON.stringify(rest)), TABLES)).toBeNull();
      const at = film.frames.at(-1)!.at;
      const [whole, part] = [sceneOf(film, last, at, CHARTS), sceneOf(rest, most, at, CHARTS)];
      for (const { id } of CHARTS) expect(part.machines.get(id)?.lit).toEqual(whole.machines.get(id)?.lit);
    }
    expect(latestFrames(film, last)).toBe(film);
  });

  it('begins with nothing gone by and ends with all', () => {
    expect(standingsAfter(film, 0).map(({ state }) => state)).not.toContain('closed');
    expect(sceneOf(film, film.frames.length, 0, CHARTS).isShown).toBe(true);
  });
});
