import type { Film, Frame } from '../runtime/film/film.ts';
import type {
  ConnectionSearch,
  FoundConnection,
  InspectedConnectionDetail,
  InspectedEvent,
  InspectionOverview,
  Inspector,
  WatchOutcome,
} from '../runtime/ports/inspector.ts';

/** Looks into whatever gateway this process is at the moment: none while it has no number, or serves the push API. */
export class CurrentInspector implements Inspector {
  private readonly current: () => Inspector | null;
  private readonly nodeState: () => string;

  constructor(current: () => Inspector | null, nodeState: () => string) {
    this.current = current;
    this.nodeState = nodeState;
  }

  overview(): InspectionOverview {
    const states = { node: { [this.nodeState()]: 1 } };
    return this.current()?.overview() ?? { node: '', connections: 0, sockets: 0, users: 0, rooms: 0, states };
  }

  async connections(search: ConnectionSearch): Promise<readonly FoundConnection[]> {
    return (await this.current()?.connections(search)) ?? [];
  }

  connection(id: string): InspectedConnectionDetail | null {
    return this.current()?.connection(id) ?? null;
  }

  watch(id: string): WatchOutcome {
    return this.current()?.watch(id) ?? 'not found';
  }

  unwatch(id: string): boolean {
    return this.current()?.unwatch(id) ?? false;
  }

  follow(id: string, receive: (event: InspectedEvent) => void, ended: () => void): (() => void) | null {
    return this.current()?.follow(id, receive, ended) ?? null;
  }

  followFilm(
    id: string,
    receive: (frame: Frame, event: InspectedEvent | null) => void,
    ended: () => void,
  ): (() => void) | null {
    return this.current()?.followFilm(id, receive, ended) ?? null;
  }

  film(id: string): Film | null {
    return this.current()?.film(id) ?? null;
  }
}
