import type { Connection } from '../connection/connection.ts';
import type { ConnectionTable } from '../connection/connection-table.ts';
import type { SlowRoom } from '../ports/strange.ts';
import type { Namespace } from '../socket/namespace.ts';
import { socketsOf } from './census-filter.ts';

/** Output that waits for less than this is on its way, ms. */
const PATIENCE = 500;

interface Entry {
  readonly namespace: Namespace;
  readonly room: string | null;
  readonly members: number;
  behind: number;
  bufferedBytes: number;
  longest: number;
}

/** Gathers connections that do not take what they are sent by the rooms that they are in. */
export class SlowRooms {
  private readonly table: ConnectionTable;
  /** On the scale of `ConnectionTable.behindSince`, ms. */
  private readonly now: () => number;
  private readonly entries = new Map<unknown, Entry>();

  constructor(table: ConnectionTable, now: () => number) {
    this.table = table;
    this.now = now;
  }

  see(connection: Connection): void {
    const { row, webSocket } = connection;
    const since = this.table.behindSince[row];
    const bytes = this.table.queuedBytes[row] + (webSocket?.getBufferedAmount() ?? 0);
    const delay = since === 0 ? 0 : this.now() - since;
    if (bytes === 0 || delay < PATIENCE) return;
    for (const { namespace, rooms } of socketsOf(connection)) {
      if (rooms === null || rooms.size === 0) {
        this.add(namespace, { namespace, room: null, members: namespace.size }, bytes, delay);
      }
      for (const room of rooms ?? []) {
        this.add(room, { namespace, room: room.name, members: room.members.size }, bytes, delay);
      }
    }
  }

  /** Those with most behind first. */
  slowest(most: number): SlowRoom[] {
    return [...this.entries.values()]
      .sort((a, b) => b.behind - a.behind || b.bufferedBytes - a.bufferedBytes)
      .slice(0, most)
      .map(({ namespace, room, behind, members, bufferedBytes, longest }) => ({
        namespace: namespace.name,
        room,
        behind,
        members,
        bufferedBytes,
        longest: Math.round(longest),
      }));
  }

  private add(
    key: unknown,
    place: Pick<Entry, 'namespace' | 'room' | 'members'>,
    bytes: number,
    delay: number,
  ): void {
    const known = this.entries.get(key);
    const entry = known ?? { ...place, behind: 0, bufferedBytes: 0, longest: 0 };
    if (known === undefined) this.entries.set(key, entry);
    entry.behind++;
    entry.bufferedBytes += bytes;
    entry.longest = Math.max(entry.longest, delay);
  }
}
