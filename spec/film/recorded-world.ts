import type { Film } from '../../src/runtime/film/film.ts';
import { readFilm } from '../../src/runtime/film/film.ts';
import { toDecimal } from '../../src/runtime/identity/snowflake-decimal.ts';
import { LiveInspector, type LiveInspectorOptions } from '../../src/runtime/inspect/live-inspector.ts';
import { connectionTables, socketTables } from '../../src/runtime/machine/compiled-once.ts';
import type { World } from '../gateway/world.ts';

export const TABLES = { connection: connectionTables(), socket: socketTables() };

/** An inspector in a world of virtual time. */
export function inspectorOf(world: World, options: Partial<LiveInspectorOptions> = {}): LiveInspector {
  const { gateway, clock } = world;
  return new LiveInspector({
    gateway,
    clock,
    node: '7',
    version: 'test',
    history: 10_000,
    maxWatched: 10_000,
    bodies: false,
    nodeState: () => 'ready',
    ...options,
  });
}

/** The film as whoever downloads it has it. */
export function filmOf(inspector: LiveInspector, id: string): Film {
  return readFilm(JSON.stringify(inspector.film(id)));
}

export function filmsOf(inspector: LiveInspector): Film[] {
  return inspector.films.ids().map((id) => filmOf(inspector, id));
}

/** Ids of the connections that there are. */
export function idsOf({ gateway }: World): string[] {
  const ids: string[] = [];
  for (let row = 0; row < gateway.connections.rows; row++) {
    const connection = gateway.connections.at(row);
    if (connection !== undefined) ids.push(toDecimal(connection.idHigh, connection.idLow));
  }
  return ids;
}
