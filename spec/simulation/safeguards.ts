import { KafkaUpstreamLog } from '../../src/adapters/kafka/upstream-log.ts';
import { RedisBurial } from '../../src/adapters/redis/burial.ts';
import { RedisDedupWindow } from '../../src/adapters/redis/dedup-window.ts';
import { StreamUpstreamLog } from '../../src/adapters/redis/streams/upstream-log.ts';
import { LeaseKeeper } from '../../src/runtime/cluster/lease-keeper.ts';
import { PresentFirstLog } from '../../src/runtime/cluster/present-first-log.ts';
import { Homes } from '../../src/runtime/delivery/homes.ts';
import { Arrival } from '../../src/runtime/handover/arrival.ts';
import type { UpstreamHandler } from '../../src/runtime/ports/upstream-log.ts';
import { SeenPostmarks } from '../../src/runtime/wire/postmark.ts';
import type { ViolationKind } from '../support/history/violation.ts';
import { ApiDoor } from './api-door.ts';
import type { SimulatedBus } from './simulated-cluster.ts';

/** Something in the product without which a promise is broken, and which can be taken away to see that this is found. */
export interface Safeguard {
  readonly name: string;
  /** What is found when it is not there. */
  readonly finds: ViolationKind;
  /** Which carries the logs; Redis unless told. */
  readonly bus?: SimulatedBus;
  /** Faults under which it is needed, and seeds of them that find it missing. */
  readonly under: readonly string[];
  readonly seeds: readonly number[];
  /** Takes it away; returns how to put it back. */
  readonly remove: () => () => void;
}

type Method = (...args: never[]) => unknown;

/** Puts another method in the place of one of a class. */
function replace(of: { prototype: object }, name: string, by: (original: Method) => Method): () => void {
  const given = Object.getOwnPropertyDescriptor(of.prototype, name);
  if (given === undefined) throw new Error(`there is no ${name} any more`);
  const original = (given.value ?? given.get) as Method;
  const replaced = given.get === undefined ? { value: by(original) } : { get: by(original) as () => unknown };
  Object.defineProperty(of.prototype, name, { ...replaced, configurable: true });
  return () => Object.defineProperty(of.prototype, name, given);
}

function all(...undo: (() => void)[]): () => void {
  return () => {
    for (const one of undo) one();
  };
}

/** A node goes on as if it had its lease, however often it hears that it has not. */
function goOnWithoutLease(): () => void {
  return all(
    replace(LeaseKeeper, 'holds', () => () => true),
    replace(LeaseKeeper, 'suspend', () => () => {}),
    replace(LeaseKeeper, 'lose', () => () => {}),
  );
}

/** Records are settled as soon as they are handed out. */
function settleAtOnce(consume: Method): Method {
  return function (this: unknown, handler: UpstreamHandler) {
    const hasty: UpstreamHandler = (record, settle, standing) => {
      settle();
      handler(record, () => {}, standing);
    };
    return consume.call(this, hasty as never);
  } as Method;
}

export const SAFEGUARDS: readonly Safeguard[] = [
  {
    name: 'a node that may have lost its lease is fenced off',
    finds: 'missing',
    under: ['gateways: silences to Redis', 'gateways: cuts from Redis', 'gateways: pauses'],
    seeds: [3, 8, 9],
    remove: goOnWithoutLease,
  },
  {
    name: 'Redis refuses records of a node that was buried',
    finds: 'phantom',
    under: ['gateways: silences to Redis'],
    seeds: [8, 11, 15],
    remove: () =>
      all(
        replace(RedisBurial, 'fence', () => async () => {}),
        replace(ApiDoor, 'untilLost', () => (hear: UpstreamHandler) => hear),
      ),
  },
  {
    name: 'letters that came before are known by their postmarks',
    finds: 'doubled',
    under: ['apis: silences to Redis', 'apis: resets to Redis'],
    seeds: [3, 13, 14],
    remove: () => replace(SeenPostmarks, 'isNew', () => () => true),
  },
  {
    name: 'after a move, what comes directly waits for what the old home passes on',
    finds: 'doubled',
    under: ['gateways: slows to Redis'],
    seeds: [1, 2, 3],
    remove: () => replace(Arrival, 'withholds', () => () => false),
  },
  {
    name: 'both homes of a session that has just moved are written to',
    finds: 'reordered',
    under: ['gateways: slows to Redis'],
    seeds: [232],
    remove: () => replace(Homes, 'besides', () => () => -1),
  },
  {
    name: 'every API node knows where sessions went',
    finds: 'reordered',
    under: ['gateways: slows to Redis'],
    seeds: [26, 33, 52],
    // It takes every session to be where it was born.
    remove: () => replace(Homes, 'learn', () => () => {}),
  },
  {
    name: 'records leave the log when the backend has answered, not before',
    finds: 'missing',
    under: ['apis: kills'],
    seeds: [5, 15, 16],
    remove: () => replace(StreamUpstreamLog, 'consume', settleAtOnce),
  },
  {
    name: 'offsets are committed when the backend has answered, not before',
    finds: 'missing',
    bus: 'kafka',
    under: ['apis: kills', 'answers of the backend are lost'],
    seeds: [12, 14, 20, 21, 27, 31],
    remove: () => replace(KafkaUpstreamLog, 'consume', settleAtOnce),
  },
  {
    name: 'a node that may have lost its lease is fenced off, with Kafka as well',
    finds: 'missing',
    bus: 'kafka',
    under: ['gateways: silences to Redis', 'gateways: cuts from Redis', 'gateways: pauses'],
    seeds: [4, 11, 14],
    remove: goOnWithoutLease,
  },
  {
    name: 'the log hears of a socket when presence has it',
    finds: 'missing',
    bus: 'kafka',
    under: ['gateways: silences to Redis', 'gateways: cuts from Redis'],
    seeds: [3, 9, 16, 21],
    remove: () => replace(PresentFirstLog, 'expect', () => () => {}),
  },
  {
    name: 'what a node wrote to Kafka when it had been given up is dropped',
    finds: 'phantom',
    bus: 'kafka',
    under: ['gateways: silences to Redis and Kafka'],
    seeds: [3, 5, 6, 8],
    remove: () => replace(ApiDoor, 'untilLost', () => (hear: UpstreamHandler) => hear),
  },
  {
    name: 'a node that Redis has forgotten says itself that its sessions are over',
    finds: 'missing',
    bus: 'kafka',
    under: ['Redis is emptied'],
    seeds: [1, 4, 5],
    remove: () =>
      replace(LeaseKeeper, 'lose', (lose) => {
        return function (this: unknown) {
          return lose.call(this, 'lost' as never);
        } as Method;
      }),
  },
  {
    name: 'a push that is repeated is known by its dedupKey',
    finds: 'doubled',
    under: ['apis: silences to Redis'],
    seeds: [2, 5, 6],
    remove: () =>
      replace(RedisDedupWindow, 'run', () => (_key: never, work: never) => (work as () => unknown)()),
  },
];
