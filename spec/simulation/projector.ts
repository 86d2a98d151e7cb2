import type { Film } from '../../src/runtime/film/film.ts';
import type { Gateway } from '../../src/runtime/gateway.ts';
import { LiveInspector } from '../../src/runtime/inspect/live-inspector.ts';
import type { Clock } from '../../src/runtime/ports/clock.ts';

/** Films every connection of a simulated cluster, on each node that it lives on. Changes nothing of what happens. */
export class Projector {
  private readonly inspectors: LiveInspector[] = [];

  film(gateway: Gateway, node: number, clock: Clock): LiveInspector {
    const inspector = new LiveInspector({
      gateway,
      clock,
      node: String(node),
      version: 'simulated',
      history: 10_000,
      maxWatched: 0,
      bodies: false,
      nodeState: () => '',
    });
    inspector.films.watchAll();
    this.inspectors.push(inspector);
    return inspector;
  }

  /** In the order of the nodes' beginnings. */
  filmsOf(id: string): Film[] {
    return this.inspectors.flatMap((inspector) => inspector.film(id) ?? []);
  }

  films(): Film[] {
    return this.inspectors.flatMap((inspector) =>
      inspector.films.ids().flatMap((id) => inspector.film(id) ?? []),
    );
  }
}
