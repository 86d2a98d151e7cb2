import { RedisBurial } from '../../src/adapters/redis/burial.ts';
import { RedisDedupWindow } from '../../src/adapters/redis/dedup-window.ts';
import { RedisPresence } from '../../src/adapters/redis/presence.ts';
import { StreamUpstreamLog } from '../../src/adapters/redis/streams/upstream-log.ts';
import { StagePresence } from '../../src/node/stage-presence.ts';
import { LeaseKeeper } from '../../src/runtime/cluster/lease-keeper.ts';
import { Dispatcher } from '../../src/runtime/delivery/dispatcher.ts';
import { Homes } from '../../src/runtime/delivery/homes.ts';
import { Arrival } from '../../src/runtime/handover/arrival.ts';
import type { UpstreamHandler } from '../../src/runtime/ports/upstream-log.ts';
import { UpstreamDisconnect } from '../../src/runtime/socket/upstream-records.ts';
import { SeenPostmarks } from '../../src/runtime/wire/postmark.ts';
import type { ViolationKind } from '../support/history/violation.ts';
import { ApiDoor } from './api-door.ts';

/** Something in the product without which a promise is broken, and which can be taken away to see that this is found. */
export interface Safeguard {
  readonly name: string;
  /** What is found when it is not there. */
  readonly finds: ViolationKind;
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

export const SAFEGUARDS: readonly Safeguard[] = [
  {
    name: 'a node that may have lost its lease is fenced off',
    finds: 'missing',
    // It goes on as if it had it, however often it hears that it has not.
    remove: () =>
      all(
        replace(LeaseKeeper, 'holds', () => () => true),
        replace(LeaseKeeper, 'suspend', () => () => {}),
        replace(LeaseKeeper, 'lose', () => () => {}),
      ),
  },
  {
    name: 'Redis refuses records of a node that was buried',
    finds: 'phantom',
    remove: () =>
      all(
        replace(RedisBurial, 'fence', () => async () => {}),
        replace(ApiDoor, 'untilLost', () => (hear: UpstreamHandler) => hear),
      ),
  },
  {
    name: 'letters that came before are known by their postmarks',
    finds: 'doubled',
    remove: () => replace(SeenPostmarks, 'isNew', () => () => true),
  },
  {
    name: 'after a move, what comes directly waits for what the old home passes on',
    finds: 'reordered',
    remove: () => replace(Arrival, 'withholds', () => () => false),
  },
  {
    name: 'a session that has moved is not given what it had before',
    finds: 'reordered',
    remove: () => replace(Arrival, 'isBehind', () => () => false),
  },
  {
    name: 'both homes of a session that has just moved are written to',
    finds: 'reordered',
    remove: () => replace(Homes, 'besides', () => () => -1),
  },
  {
    name: 'every API node knows where sessions went',
    finds: 'reordered',
    remove: () =>
      replace(
        Dispatcher,
        'receive',
        (original) =>
          function (this: Dispatcher, letter: never) {
            if ((letter as { kind: string }).kind !== 'moved') original.call(this, letter);
          },
      ),
  },
  {
    name: 'records leave the log when the backend has answered, not before',
    finds: 'missing',
    remove: () =>
      replace(
        StreamUpstreamLog,
        'consume',
        (original) =>
          function (this: StreamUpstreamLog, handler: UpstreamHandler) {
            const hasty: UpstreamHandler = (record, settle) => {
              settle();
              handler(record, () => {});
            };
            return original.call(this, hasty as never);
          } as Method,
      ),
  },
  {
    name: 'whoever says the end of a socket says it under the same message id',
    finds: 'phantom',
    remove: () =>
      replace(
        UpstreamDisconnect,
        'messageId',
        () =>
          function (this: UpstreamDisconnect) {
            return `${this.key} at ${this.time}`;
          },
      ),
  },
  {
    name: 'a socket that ended leaves presence when its end is in the log',
    finds: 'missing',
    remove: () =>
      replace(
        StagePresence,
        'removeWhenLogged',
        () =>
          function (this: { presence: StagePresence }, socket: never) {
            this.presence.remove(socket);
          } as Method,
      ),
  },
  {
    name: 'an old home writes where a session went, should the new one not be able to',
    finds: 'missing',
    remove: () =>
      replace(
        RedisPresence,
        'cede',
        () =>
          function (this: RedisPresence, socket: never) {
            this.depart(socket);
          } as Method,
      ),
  },
  {
    name: 'a push that is repeated is known by its dedupKey',
    finds: 'doubled',
    remove: () =>
      replace(RedisDedupWindow, 'run', () => (_key: never, work: never) => (work as () => unknown)()),
  },
];
