import { compareIds } from '../../../src/adapters/redis/streams/stream-reader.ts';
import { type Keyspace, newStream, type Stream, type StreamEntry } from './keyspace.ts';

type Arg = string | number | Buffer;
type Reply = [id: Buffer, fields: Buffer[]];

/** The commands of streams, as far as they are used. */
export class StreamCommands {
  private readonly keyspace: Keyspace;
  private readonly wallNow: () => number;

  constructor(keyspace: Keyspace, wallNow: () => number) {
    this.keyspace = keyspace;
    this.wallNow = wallNow;
  }

  xadd([key, ...rest]: Arg[]): string | null {
    const star = rest.indexOf('*');
    const options = rest.slice(0, star);
    const existing = this.keyspace.get<Stream>(String(key));
    if (existing === null && options.includes('NOMKSTREAM')) return null;
    const stream = existing ?? this.keyspace.at(String(key), newStream);
    const [time, sequence] = stream.lastId.split('-').map(Number) as [number, number];
    const now = Math.floor(this.wallNow());
    const id = now > time ? `${now}-0` : `${time}-${sequence + 1}`;
    stream.lastId = id;
    stream.entries.push({ id, fields: rest.slice(star + 1).map(bytes) });
    return id;
  }

  /** Null while there is nothing: the caller blocks. */
  xread(args: Arg[]): [Buffer, Reply[]][] | null {
    const { keys, ids, count } = parse(args);
    const found = keys.flatMap((key, index): [Buffer, Reply[]][] => {
      const stream = this.keyspace.get<Stream>(key);
      const entries = stream?.entries.filter(({ id }) => compareIds(id, ids[index]!) > 0) ?? [];
      return entries.length === 0 ? [] : [[bytes(key), entries.slice(0, count).map(reply)]];
    });
    return found.length === 0 ? null : found;
  }

  xdel([key, ...ids]: Arg[]): number {
    return this.remove(String(key), ({ id }) => ids.includes(id));
  }

  xtrim([key, , minId]: Arg[]): number {
    return this.remove(String(key), ({ id }) => compareIds(id, String(minId)) < 0);
  }

  xlen([key]: Arg[]): number {
    return this.keyspace.get<Stream>(String(key))?.entries.length ?? 0;
  }

  xinfo([, key]: Arg[]): unknown[] {
    const stream = this.keyspace.get<Stream>(String(key));
    if (stream === null) throw new Error('ERR no such key');
    return ['length', stream.entries.length, 'last-generated-id', stream.lastId];
  }

  private remove(key: string, isGone: (entry: StreamEntry) => boolean): number {
    const stream = this.keyspace.get<Stream>(key);
    if (stream === null) return 0;
    const kept = stream.entries.filter((entry) => !isGone(entry));
    const removed = stream.entries.length - kept.length;
    stream.entries.splice(0, stream.entries.length, ...kept);
    return removed;
  }
}

/** Keys that a blocking read waits for, and for how long, ms. */
export function blockingOf(args: Arg[]): { keys: readonly string[]; block: number } {
  const { keys, block } = parse(args);
  return { keys, block };
}

function parse(args: Arg[]): { keys: string[]; ids: string[]; count: number; block: number } {
  const words = args.map(String);
  const rest = words.slice(words.indexOf('STREAMS') + 1);
  const half = rest.length / 2;
  return {
    keys: rest.slice(0, half),
    ids: rest.slice(half),
    count: Number(words[words.indexOf('COUNT') + 1]),
    block: Number(words[words.indexOf('BLOCK') + 1]),
  };
}

function reply({ id, fields }: StreamEntry): Reply {
  return [bytes(id), [...fields]];
}

function bytes(value: Arg | Uint8Array): Buffer {
  return typeof value === 'string' || typeof value === 'number'
    ? Buffer.from(String(value))
    : Buffer.from(value);
}
