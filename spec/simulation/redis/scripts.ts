import {
  ACQUIRE,
  BURIED,
  CLAIM_BURIAL,
  NODES,
  RELEASE,
  RENEW,
} from '../../../src/adapters/redis/lease-scripts.ts';
import { MOVE } from '../../../src/adapters/redis/presence-writes.ts';
import { APPEND, FENCED } from '../../../src/adapters/redis/streams/append.ts';
import { CLAIM, LEAVE } from '../../../src/adapters/redis/streams/ownership.ts';
import type { Arg } from './commands.ts';
import { byScore, type Keyspace, newHash, newSortedSet } from './keyspace.ts';
import type { StreamCommands } from './stream-commands.ts';

/** What a script works on. */
export interface ScriptCall {
  readonly keyspace: Keyspace;
  readonly streams: StreamCommands;
  readonly now: number;
}

type Script = (call: ScriptCall, keys: readonly string[], values: readonly Arg[]) => unknown;
type TextScript = (
  keyspace: Keyspace,
  keys: readonly string[],
  args: readonly string[],
  now: number,
) => unknown;

/** For those that are given texts only. */
function ofTexts(script: TextScript): Script {
  return ({ keyspace, now }, keys, values) => script(keyspace, keys, values.map(String), now);
}

interface LeaseRecord {
  number: number;
  epoch: number;
  slot: number;
  owner: string;
  name: string;
  load: object;
  leaseUntil: number;
  burial?: string;
  burialEnds?: number;
}

function tables(keyspace: Keyspace, keys: readonly string[]) {
  const [names, leases, records, numbers, reached, counter] = keys as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    names: keyspace.at(names, newHash),
    leases: keyspace.at(leases, newSortedSet),
    records: keyspace.at(records, newHash),
    numbers: keyspace.at(numbers, newHash),
    reached: keyspace.at(reached, newHash),
    counter: keyspace.at(counter, newHash),
  };
}

type Tables = ReturnType<typeof tables>;

function recordOf({ records }: Tables, member: string): LeaseRecord | null {
  const text = records.get(member);
  return text === undefined ? null : (JSON.parse(text) as LeaseRecord);
}

function mayLive(all: Tables, member: string): LeaseRecord | null {
  const record = recordOf(all, member);
  if (record === null || record.burial !== undefined) return null;
  return all.numbers.get(String(record.number)) === String(record.epoch) ? record : null;
}

function count({ counter }: Tables, field: string): number {
  const next = Number(counter.get(field) ?? 0) + 1;
  counter.set(field, String(next));
  return next;
}

function holderOf({ numbers, leases }: Tables, number: string, now: number): string | null {
  const epoch = numbers.get(number);
  const member = `${number}:${epoch}`;
  return epoch !== undefined && (leases.get(member) ?? 0) > now ? member : null;
}

function freshNumber(all: Tables, now: number): string {
  for (;;) {
    const candidate = String((count(all, 'number') - 1) % 1024);
    if (holderOf(all, candidate, now) === null) return candidate;
  }
}

const acquire: TextScript = (keyspace, keys, [name, owner, wanted, previous, ttl, text], now) => {
  const all = tables(keyspace, keys);
  const { names, leases, records, numbers, reached, counter } = all;
  const isFree = previous !== '' && holderOf(all, previous!, now) === null;
  const another = () => (isFree ? previous! : freshNumber(all, now));
  const number = wanted === '' ? (names.get(name!) ?? another()) : wanted!;
  const holder = holderOf(all, number, now);
  if (holder !== null) {
    const record = recordOf(all, holder)!;
    if (record.owner !== owner) return ['held', record.name, String(leases.get(holder))];
    leases.delete(holder);
    records.delete(holder);
  }
  const others = [...leases.keys()].flatMap((member) => mayLive(all, member) ?? []);
  const taken = others.filter((other) => String(other.number) !== number).map((other) => other.slot);
  let slot = 0;
  while (taken.includes(slot)) slot++;
  const last = counter.get('epoch');
  const epoch = Math.max(now, Number(last ?? 0) + 1);
  if (last === undefined) counter.set('since', String(epoch));
  counter.set('epoch', String(epoch));
  const member = `${number}:${epoch}`;
  names.set(name!, number);
  numbers.set(number, String(epoch));
  const leaseUntil = now + Number(ttl);
  const granted = { ...JSON.parse(text!), number: Number(number), epoch, slot, owner, leaseUntil };
  records.set(member, JSON.stringify(granted));
  leases.set(member, leaseUntil);
  return ['granted', number, String(epoch), String(slot), reached.get(number) ?? '0'];
};

const renew: TextScript = (keyspace, keys, [number, epoch, owner, reached, load, ttl], now) => {
  const all = tables(keyspace, keys);
  const member = `${number}:${epoch}`;
  const record = recordOf(all, member);
  if (record === null) {
    const [since, last] = ['since', 'epoch'].map((field) => Number(all.counter.get(field) ?? 0));
    return Number(epoch) < since! || Number(epoch) > last! ? 2 : 0;
  }
  if (all.numbers.get(number!) !== epoch) return 0;
  if (record.owner !== owner || record.burial !== undefined) return 0;
  record.load = JSON.parse(load!);
  record.leaseUntil = now + Number(ttl);
  all.records.set(member, JSON.stringify(record));
  all.reached.set(number!, reached!);
  all.leases.set(member, now + Number(ttl));
  return 1;
};

function drop(all: Tables, number: string, epoch: string): number {
  const member = `${number}:${epoch}`;
  all.leases.delete(member);
  all.records.delete(member);
  if (all.numbers.get(number) === epoch) all.numbers.delete(number);
  return 1;
}

const release: TextScript = (keyspace, keys, [number, epoch, owner]) => {
  const all = tables(keyspace, keys);
  if (recordOf(all, `${number}:${epoch}`)?.owner !== owner) return 0;
  return drop(all, number!, epoch!);
};

const nodes: TextScript = (keyspace, keys, [which], now) => {
  const all = tables(keyspace, keys);
  const { leases, records } = all;
  return byScore(leases)
    .filter((member) => (which === 'dead' ? leases.get(member)! <= now : mayLive(all, member) !== null))
    .flatMap((member) => records.get(member) ?? []);
};

const claimBurial: TextScript = (keyspace, keys, [number, epoch, owner, ttl], now) => {
  const all = tables(keyspace, keys);
  const member = `${number}:${epoch}`;
  const record = recordOf(all, member);
  const ends = all.leases.get(member);
  if (ends === undefined || record === null || ends > now) return 0;
  if (record.burial !== undefined && record.burial !== owner && record.burialEnds! > now) return 0;
  all.records.set(member, JSON.stringify({ ...record, burial: owner, burialEnds: now + Number(ttl) }));
  return 1;
};

const buried: TextScript = (keyspace, keys, [number, epoch]) => drop(tables(keyspace, keys), number!, epoch!);

/** Consumers are sorted by when they were first seen, not by their random names: a seed has to do the same again. */
const claim: TextScript = (keyspace, [consumersKey, ...owners], [consumer, ttl, ...wishes], now) => {
  const scores = keyspace.at(consumersKey!, newSortedSet);
  scores.set(consumer!, now + Number(ttl));
  for (const [name, ends] of scores) if (ends <= now) scores.delete(name);
  const consumers = [...scores.keys()];
  return owners.map((key, index) => {
    const owner = keyspace.get<string>(key);
    const isDue = consumers[index % consumers.length] === consumer;
    if (owner === consumer) {
      if (wishes[index] === 'release') {
        keyspace.delete(key);
        return 0;
      }
      keyspace.expire(key, Number(ttl));
      return isDue ? 1 : 2;
    }
    if (owner !== null || !(wishes[index] === 'keep' || (wishes[index] === 'none' && isDue))) return 0;
    keyspace.set(key, consumer!, now + Number(ttl));
    return isDue ? 1 : 2;
  });
};

const leave: TextScript = (keyspace, [consumersKey, ...owners], [consumer]) => {
  keyspace.at(consumersKey!, newSortedSet).delete(consumer!);
  for (const key of owners) if (keyspace.get<string>(key) === consumer) keyspace.delete(key);
  return 1;
};

const append: Script = ({ keyspace, streams }, [writer, ...partitions], [first, ...records]) => {
  const known = keyspace.get<string>(writer!);
  if (known === FENCED) return 0;
  const reached = Number(known ?? 0);
  let place = Number(first) - 1;
  for (let at = 0; at < records.length; at += 2) {
    if (++place > reached) streams.xadd([partitions[Number(records[at]) - 2]!, '*', 'r', records[at + 1]!]);
  }
  if (place > reached) keyspace.set(writer!, String(place));
  return 1;
};

const move: TextScript = (keyspace, [row], [node]) => {
  const fields = keyspace.get<Map<string, string>>(row!);
  if (fields === null) return 0;
  fields.set('node', node!);
  return 1;
};

/** What the Lua scripts do, by their text. */
export const SCRIPTS: ReadonlyMap<string, Script> = new Map([
  [ACQUIRE, ofTexts(acquire)],
  [RENEW, ofTexts(renew)],
  [RELEASE, ofTexts(release)],
  [NODES, ofTexts(nodes)],
  [CLAIM_BURIAL, ofTexts(claimBurial)],
  [BURIED, ofTexts(buried)],
  [CLAIM, ofTexts(claim)],
  [LEAVE, ofTexts(leave)],
  [MOVE, ofTexts(move)],
  [APPEND, append],
]);
