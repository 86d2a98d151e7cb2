import type { Presence } from '../ports/presence.ts';
import type { Homes } from './homes.ts';
import type { Target } from './target.ts';

const NONE: readonly number[] = [];

type Nodes = readonly number[] | Promise<readonly number[]>;

/** Which nodes hold somebody a target means. Synchronous with a synchronous presence (memory). */
export class Recipients {
  private readonly presence: Presence;
  private readonly homes: Homes;

  constructor(presence: Presence, homes: Homes) {
    this.presence = presence;
    this.homes = homes;
  }

  of(to: Target): Nodes {
    const all = this.presence.nodes();
    return all instanceof Promise ? all.then((nodes) => this.among(nodes, to)) : this.among(all, to);
  }

  /** The node that holds one socket; none when it is nowhere. */
  ofSocket(socket: string): Nodes {
    const node = this.homes.of(socket);
    if (node < 0) return NONE;
    const all = this.presence.nodes();
    if (!(all instanceof Promise)) {
      if (all.includes(node)) return [node];
    }
    return this.of({ sockets: [socket], users: [], rooms: [], everyone: false });
  }

  private among(all: readonly number[], to: Target): Nodes {
    if (to.everyone) return all;
    const named = new Set<number>();
    const homeless: string[] = [];
    this.addHomes(to.sockets, all, named, homeless);
    // Every socket is in the room of its own id.
    this.addHomes(to.rooms, all, named, homeless);
    const found: Nodes[] = [];
    if (to.users.length + to.rooms.length > 0) found.push(this.presence.nodesOf(to.users, to.rooms));
    if (homeless.length > 0) found.push(this.presence.homesOf(homeless));
    if (found.some((nodes) => nodes instanceof Promise)) {
      return Promise.all(found).then((each) => union(each, named, all));
    }
    return union(found as (readonly number[])[], named, all);
  }

  private addHomes(
    ids: readonly string[],
    all: readonly number[],
    to: Set<number>,
    homeless: string[],
  ): void {
    for (const id of ids) {
      const home = this.homes.of(id);
      if (home < 0) continue;
      if (!all.includes(home)) {
        // Born on a node that is gone, or was learned to live on one: it may have moved in time.
        homeless.push(id);
        continue;
      }
      to.add(home);
      const old = this.homes.besides(id);
      if (old < 0) continue;
      if (all.includes(old)) to.add(old);
      else this.homes.settle(id);
    }
  }
}

function union(
  found: readonly (readonly number[])[],
  named: Set<number>,
  all: readonly number[],
): readonly number[] {
  if (found.length === 0) return [...named];
  if (named.size === 0 && found.length === 1 && found[0]!.every((node) => all.includes(node)))
    return found[0]!;
  for (const nodes of found) for (const node of nodes) if (all.includes(node)) named.add(node);
  return [...named];
}
