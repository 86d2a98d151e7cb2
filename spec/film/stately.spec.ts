import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionMachine } from '../../src/machines/connection.ts';
import type { StatelyEvent } from '../../src/runtime/film/stately-event.ts';
import { StatelyMirror } from '../../src/runtime/film/stately-mirror.ts';
import { Client } from '../gateway/client.ts';
import { RandomLife } from '../gateway/random-life.ts';
import { World } from '../gateway/world.ts';
import { filmOf, filmsOf, inspectorOf, TABLES } from './recorded-world.ts';

describe('the mirror of a film', () => {
  it('is in the state that the film says after every step, whatever happened', async () => {
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.boolean(),
        fc.constantFrom(2, 10_000),
        async (seed, adaptive, history) => {
          const life = new RandomLife(seed, adaptive);
          const inspector = inspectorOf(life.world, { history });
          inspector.films.watchAll();
          await life.live(400);
          for (const { start, subject, frames } of filmsOf(inspector).slice(-50)) {
            const mirror = new StatelyMirror({ id: subject.id, start, tables: TABLES, say: () => {} });
            for (const { machine, actor, state } of start.machines)
              expect(mirror.stateOf(machine, actor)).toBe(state);
            for (const frame of frames) {
              mirror.pass(frame);
              if (frame.kind !== 'event' || frame.to === 'absent') continue;
              expect(mirror.stateOf(frame.machine, frame.actor)).toBe(frame.to);
              steps++;
            }
          }
        },
      ),
      { numRuns: 3 },
    );
    // Hundreds, unless the films are short ones.
    expect(steps).toBeGreaterThan(50);
  }, 180_000);

  it('tells the Stately inspector in its wire format of an actor for the connection and one below it for its socket', () => {
    const world = new World();
    const inspector = inspectorOf(world);
    const client = new Client(world).join();
    inspector.watch(client.id);
    world.advance(25_100);
    const film = filmOf(inspector, client.id);
    const said: StatelyEvent[] = [];
    const mirror = new StatelyMirror({
      id: client.id,
      start: film.start,
      tables: TABLES,
      say: (event) => said.push(event),
    });
    for (const frame of film.frames) mirror.pass(frame);
    const rootId = `connection:${client.id}`;
    const base = { rootId, createdAt: expect.stringMatching(/^\d{13}$/), _version: expect.any(String) };
    const actors = said.filter(({ type }) => type === '@xstate.actor');
    expect(actors).toMatchObject([
      { ...base, sessionId: rootId, name: `connection ${client.id}`, snapshot: { status: 'active' } },
      {
        ...base,
        sessionId: `socket:${client.id}`,
        parentId: rootId,
        snapshot: { value: { connected: 'unlimited' } },
      },
    ]);
    const [connection] = actors as { definition: string }[];
    expect(JSON.parse(connection!.definition)).toEqual(JSON.parse(JSON.stringify(connectionMachine.config)));
    const ping = 'xstate.after.pingInterval.connection.open.heartbeat.calm';
    expect(said).toContainEqual({
      ...base,
      type: '@xstate.event',
      sessionId: rootId,
      id: expect.any(String),
      sourceId: rootId,
      event: { type: ping },
    });
    expect(said).toContainEqual({
      ...base,
      type: '@xstate.snapshot',
      sessionId: rootId,
      id: expect.any(String),
      event: { type: ping },
      snapshot: {
        status: 'active',
        context: {},
        value: {
          open: { transport: 'websocket', heartbeat: { unanswered: 'waiting' }, membership: 'joined' },
        },
      },
    });
    const types = new Set(said.map(({ type }) => type));
    expect([...types].toSorted()).toEqual(['@xstate.actor', '@xstate.event', '@xstate.snapshot']);
    expect(new Set(said.map(({ id }) => id)).size).toBe(said.length);
  });

  it('says nothing of packets, tokens or session ids', () => {
    const world = new World();
    const inspector = inspectorOf(world, { bodies: true });
    const client = new Client(world).join();
    inspector.watch(client.id);
    client.emit('said', 'a secret');
    world.advance(30_000);
    client.hangUp();
    const said: StatelyEvent[] = [];
    const { start, frames } = filmOf(inspector, client.id);
    const mirror = new StatelyMirror({
      id: client.id,
      start,
      tables: TABLES,
      say: (event) => said.push(event),
    });
    for (const frame of frames) mirror.pass(frame);
    expect(JSON.stringify(frames)).toContain('a secret');
    expect(JSON.stringify(said)).not.toContain('a secret');
    expect(JSON.stringify(said)).not.toContain(client.sid);
    expect(said.at(-1)).toMatchObject({ type: '@xstate.snapshot', snapshot: { status: 'done' } });
  });
});
