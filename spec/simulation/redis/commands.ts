import { byScore, type Keyspace, newHash, newSet, newSortedSet } from './keyspace.ts';
import { SCRIPTS } from './scripts.ts';
import { StreamCommands } from './stream-commands.ts';

export type Arg = string | number | Buffer;
type Command = (args: Arg[]) => unknown;

/** The commands that the adapters use, and their scripts. */
export function commandsOf(
  keyspace: Keyspace,
  wallNow: () => number,
  publish: (channel: string, text: string) => number,
): Record<string, Command> {
  const streams = new StreamCommands(keyspace, wallNow);
  const hash = (key: Arg | undefined) => keyspace.at(String(key), newHash);
  const set = (key: Arg | undefined) => keyspace.at(String(key), newSet);
  const sorted = (key: Arg | undefined) => keyspace.at(String(key), newSortedSet);
  return {
    set: ([key, value, ...options]) => {
      if (options.includes('NX') && keyspace.get(String(key)) !== null) return null;
      const px = options.indexOf('PX');
      const ex = options.indexOf('EX');
      const life = px >= 0 ? Number(options[px + 1]) : ex >= 0 ? 1000 * Number(options[ex + 1]) : Infinity;
      keyspace.set(String(key), typeof value === 'number' ? String(value) : value!, wallNow() + life);
      return 'OK';
    },
    get: ([key]) => keyspace.get<string | Buffer>(String(key))?.toString() ?? null,
    getBuffer: ([key]) => {
      const found = keyspace.get<string | Buffer>(String(key));
      return found === null ? null : Buffer.from(found);
    },
    del: (keys) => keys.filter((key) => keyspace.delete(String(key))).length,
    exists: (keys) => keys.filter((key) => keyspace.get(String(key)) !== null).length,
    expire: ([key, seconds]) => (keyspace.expire(String(key), 1000 * Number(seconds)) ? 1 : 0),
    pexpire: ([key, ms]) => (keyspace.expire(String(key), Number(ms)) ? 1 : 0),
    hset: ([key, field, value]) => {
      const fields = typeof field === 'object' ? Object.entries(field) : [[String(field), String(value)]];
      for (const [name, text] of fields) hash(key).set(name as string, String(text));
      return fields.length;
    },
    hget: ([key, field]) => keyspace.get<Map<string, string>>(String(key))?.get(String(field)) ?? null,
    hgetall: ([key]) => Object.fromEntries(keyspace.get<Map<string, string>>(String(key)) ?? []),
    sadd: ([key, ...members]) => {
      for (const member of members) set(key).add(String(member));
      return members.length;
    },
    srem: ([key, ...members]) => members.flat().filter((member) => set(key).delete(String(member))).length,
    smembers: ([key]) => [...set(key)],
    srandmember: ([key, count]) => [...set(key)].slice(0, Number(count)),
    zadd: ([key, score, member]) => {
      sorted(key).set(String(member), Number(score));
      return 1;
    },
    zrem: ([key, ...members]) => members.filter((member) => sorted(key).delete(String(member))).length,
    zrange: ([key]) => byScore(sorted(key)),
    zremrangebyscore: ([key, , below]) => {
      const limit = Number(String(below).slice(1));
      const gone = [...sorted(key)].filter(([, score]) => score < limit);
      for (const [member] of gone) sorted(key).delete(member);
      return gone.length;
    },
    publish: ([channel, text]) => publish(String(channel), String(text)),
    eval: ([script, count, ...rest]) => {
      const run = SCRIPTS.get(String(script));
      if (run === undefined) throw new Error('NOSCRIPT the simulation does not know this script');
      const keys = Number(count);
      const call = { keyspace, streams, now: Math.floor(wallNow()) };
      return run(call, rest.slice(0, keys).map(String), rest.slice(keys));
    },
    xadd: (args) => streams.xadd(args),
    xreadBuffer: (args) => streams.xread(args),
    xdel: (args) => streams.xdel(args),
    xtrim: (args) => streams.xtrim(args),
    xlen: (args) => streams.xlen(args),
    xinfo: (args) => streams.xinfo(args),
  };
}
