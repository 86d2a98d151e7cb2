import { expect } from 'vitest';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type {
  DisconnectRecord,
  MessageRecord,
  Standing,
  UpstreamLog,
  UpstreamRecord,
} from '../../src/runtime/ports/upstream-log.ts';
import type { SocketDescription } from '../../src/runtime/socket-description.ts';
import {
  type Clause,
  type ContractFixture,
  describeContract,
  eventually,
  type MakeFixture,
  pause,
} from './contract.ts';

export interface UpstreamLogFixture extends ContractFixture {
  /** A handle on the log. Every call returns one on the same storage and consumer group, maybe the same object. */
  open(): Promise<UpstreamLog>;
  /** A handle that can hold few unaccepted records (at most 1000), on the same storage. */
  openSmall(): Promise<UpstreamLog>;
}

/** The guarantees of `src/runtime/ports/upstream-log.ts`. */
export const UPSTREAM_LOG_CLAUSES: readonly Clause<UpstreamLogFixture>[] = [
  {
    title: 'hands out every kind of record with all that it carries',
    async check({ open, patience }) {
      const log = await open();
      const sent: UpstreamRecord[] = [
        {
          ...facts('1001', 1),
          kind: 'connect',
          auth: '{"token":"…"}',
          query: { room: 'a b' },
          headers: { 'x-y': 'ü' },
        },
        {
          ...facts('1001', 2),
          kind: 'message',
          event: 'häl"lo',
          body: {
            args: '["hi",{"_placeholder":true,"num":0},null,1.5]',
            attachments: [new Uint8Array([0, 255, 10, 13])],
          },
          ackId: 9_007_199_254_740_991,
        },
        { ...facts('1001', 3), kind: 'connect', auth: null, query: {}, headers: {} },
        message('1001', 4),
        disconnect('1001', 5),
      ];
      for (const record of sent) log.append(record);
      const got: UpstreamRecord[] = [];
      log.consume((record, settle) => {
        got.push(record);
        settle();
      });
      await eventually(patience, () => {
        expect(unique(got).map(comparable)).toEqual(sent.map(comparable));
      });
    },
  },
  {
    title: 'hands out the records of one socket in the order they were appended, however they are settled',
    async check({ open, patience }) {
      const log = await open();
      const sockets = Array.from({ length: 20 }, (_, index) => String(2000 + index));
      const got: UpstreamRecord[] = [];
      const held: (() => void)[] = [];
      log.consume((record, settle) => {
        got.push(record);
        // Settle the newest first now and then, so that places in the log come free out of order.
        held.push(settle);
        if (held.length === 7) while (held.length > 0) held.pop()!();
      });
      for (let number = 0; number < 50; number++) {
        for (const socket of sockets) log.append(message(socket, number));
        if (number % 10 === 0) await pause(1);
      }
      await eventually(patience, () => expect(unique(got)).toHaveLength(1000));
      for (const settle of held) settle();
      for (const socket of sockets) {
        expect(numbersOf(unique(got), socket)).toEqual(Array.from({ length: 50 }, (_, number) => number));
      }
    },
  },
  {
    title: 'hands the records of one socket to one consumer at a time, also while consumers come and go',
    async check({ open, patience }) {
      const [first, second] = [await open(), await open()];
      const holders = new Map<string, { consumer: string; records: number }>();
      const overlaps: string[] = [];
      const settled = new Set<string>();
      const handlerOf = (consumer: string) => (record: UpstreamRecord, settle: () => void) => {
        const held = holders.get(record.key) ?? { consumer, records: 0 };
        if (held.records > 0 && held.consumer !== consumer) overlaps.push(record.key);
        holders.set(record.key, { consumer, records: held.records + 1 });
        setTimeout(() => {
          holders.get(record.key)!.records -= 1;
          settled.add(record.messageId);
          settle();
        }, 3);
      };
      const appendRound = (round: number) => {
        for (let socket = 0; socket < 25; socket++) {
          first.append(message(String(3000 + socket), 2 * round));
          first.append(message(String(3000 + socket), 2 * round + 1));
        }
      };
      const a = first.consume(handlerOf('a'));
      appendRound(0);
      await eventually(patience, () => expect(settled.size).toBeGreaterThan(0));
      appendRound(1);
      second.consume(handlerOf('b'));
      for (let round = 2; round < 10; round++) {
        appendRound(round);
        await pause(2);
      }
      await a.stop(patience);
      appendRound(10);
      await eventually(patience, () => expect(settled.size).toBe(550));
      expect(overlaps).toEqual([]);
    },
  },
  {
    title: 'hands out unsettled records again, in order, when their consumer stops',
    async check({ open, patience }) {
      const [first, second] = [await open(), await open()];
      const lost: UpstreamRecord[] = [];
      const a = first.consume((record, settle) => {
        lost.push(record);
        if (record.messageId === messageId('4000', 1)) settle();
      });
      for (let number = 0; number < 5; number++) first.append(message('4000', number));
      await eventually(patience, () => expect(unique(lost)).toHaveLength(5));
      await a.stop(20);
      const got: UpstreamRecord[] = [];
      second.consume((record, settle) => {
        got.push(record);
        settle();
      });
      // Number 1 was settled behind an unsettled one: it may come again, the others must.
      await eventually(patience, () => {
        expect(numbersOf(unique(got), '4000').filter((number) => number !== 1)).toEqual([0, 2, 3, 4]);
      });
      expect(numbersOf(unique(got), '4000')).toEqual(
        numbersOf(unique(got), '4000').toSorted((x, y) => x - y),
      );
    },
  },
  {
    title: 'says which records it has taken back, and which not',
    async check({ open, patience }) {
      const [first, second] = [await open(), await open()];
      const lost: (() => Standing)[] = [];
      const a = first.consume((_record, _settle, standing) => lost.push(standing));
      for (let number = 0; number < 5; number++) first.append(message('4200', number));
      await eventually(patience, () => expect(lost.length).toBeGreaterThanOrEqual(5));
      expect(new Set(lost.map((standing) => standing()))).toEqual(new Set(['ours']));
      await a.stop(20);
      expect(new Set(lost.map((standing) => standing()))).toEqual(new Set(['taken back']));
      const got = new Map<string, () => Standing>();
      second.consume((record, _settle, standing) => got.set(record.messageId, standing));
      await eventually(patience, () => expect(got.size).toBe(5));
      expect(new Set([...got.values()].map((standing) => standing()))).toEqual(new Set(['ours']));
      // For good, also where the same log has them again.
      expect(new Set(lost.map((standing) => standing()))).toEqual(new Set(['taken back']));
    },
  },
  {
    title: 'hands out records that came while nobody consumed',
    async check({ open, patience }) {
      const [first, second] = [await open(), await open()];
      for (let number = 0; number < 10; number++) first.append(message('4500', number));
      await first.flush();
      const got: UpstreamRecord[] = [];
      second.consume((record, settle) => {
        got.push(record);
        settle();
      });
      await eventually(patience, () =>
        expect(numbersOf(unique(got), '4500')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
      );
    },
  },
  {
    title: 'does not hand out again what was settled before its consumer stopped',
    async check({ open, patience }) {
      const [first, second] = [await open(), await open()];
      const settled = new Set<string>();
      const a = first.consume((record, settle) => {
        settled.add(record.messageId);
        settle();
      });
      for (let number = 0; number < 5; number++) first.append(message('5000', number));
      await eventually(patience, () => expect(settled.size).toBe(5));
      await a.stop(patience);
      const got: UpstreamRecord[] = [];
      second.consume((record, settle) => {
        got.push(record);
        settle();
      });
      first.append(message('5000', 5));
      await eventually(patience, () => expect(numbersOf(got, '5000')).toContain(5));
      expect(numbersOf(unique(got), '5000')).toEqual([5]);
    },
  },
  {
    title: 'waits on stop for the records in hand, and hands out nothing meanwhile',
    async check({ open, patience }) {
      const log = await open();
      const got: UpstreamRecord[] = [];
      let settleFirst: (() => void) | null = null;
      const subscription = log.consume((record, settle) => {
        got.push(record);
        settleFirst ??= settle;
      });
      log.append(message('6000', 0));
      await eventually(patience, () => expect(got).toHaveLength(1));
      let stopped = false;
      const stop = subscription.stop(patience * 10).then(() => {
        stopped = true;
      });
      log.append(message('6000', 1));
      await pause(30);
      expect(stopped).toBe(false);
      settleFirst!();
      await eventually(patience, () => expect(stopped).toBe(true));
      await stop;
      expect(numbersOf(unique(got), '6000')).toEqual([0]);
    },
  },
  {
    title: 'gives up waiting on stop at the deadline',
    async check({ open, patience }) {
      const log = await open();
      const got: UpstreamRecord[] = [];
      const subscription = log.consume((record) => {
        got.push(record);
      });
      log.append(message('6500', 0));
      await eventually(patience, () => expect(got).toHaveLength(1));
      let stopped = false;
      void subscription.stop(20).then(() => {
        stopped = true;
      });
      await eventually(patience, () => expect(stopped).toBe(true));
    },
  },
  {
    title: 'throws when it can take no more, and has dropped nothing that it took',
    async check({ openSmall, patience }) {
      const log = await openSmall();
      const accepted: number[] = [];
      let refusal: unknown = null;
      for (let number = 0; number <= 1000 && refusal === null; number++) {
        try {
          log.append(message('7000', number));
          accepted.push(number);
        } catch (error) {
          refusal = error;
        }
      }
      expect(refusal).toBeInstanceOf(HoldfastError);
      expect(['resource_exhausted', 'unavailable']).toContain((refusal as HoldfastError).code);
      expect(accepted.length).toBeGreaterThan(0);
      const got: UpstreamRecord[] = [];
      log.consume((record, settle) => {
        got.push(record);
        settle();
      });
      await eventually(patience, () => expect(numbersOf(unique(got), '7000')).toEqual(accepted));
      // Room again.
      await eventually(patience, () => log.append(message('7000', 5000)));
      await eventually(patience, () => expect(numbersOf(unique(got), '7000')).toEqual([...accepted, 5000]));
    },
  },
  {
    title: 'refuses records after it was closed',
    async check({ open }) {
      const log = await open();
      log.append(message('8000', 0));
      await log.close();
      expect(() => log.append(message('8000', 1))).toThrow(expect.objectContaining({ code: 'unavailable' }));
    },
  },
];

/** Judges an adapter of the upstream log. */
export function upstreamLogContract(name: string, make: MakeFixture<UpstreamLogFixture>): void {
  describeContract('upstream log', UPSTREAM_LOG_CLAUSES, name, make);
}

function socketNamed(id: string): SocketDescription {
  return {
    id,
    user: 'u1',
    namespace: '/',
    rooms: ['doc-1', 'doc-2'],
    transport: 'websocket',
    address: '203.0.113.7',
    locale: 'en',
    authType: 'web',
    clientVersion: '4.8.1',
    protocol: 'socket.io/5',
  };
}

function messageId(key: string, number: number): string {
  return `${key}-${number}`;
}

function facts(key: string, number: number) {
  return {
    key,
    socket: socketNamed(key),
    messageId: messageId(key, number),
    traceId: number.toString(16).padStart(32, '0'),
    home: 7,
    time: 1_800_000_000_000 + number,
  };
}

export function message(key: string, number: number): MessageRecord {
  return {
    ...facts(key, number),
    kind: 'message',
    event: 'message',
    body: { args: `[${number}]`, attachments: [] },
    ackId: -1,
  };
}

export function disconnect(key: string, number: number): DisconnectRecord {
  return { ...facts(key, number), kind: 'disconnect', reason: 'transport close' };
}

/** Without the redeliveries, which "at least once" allows. */
function unique(records: readonly UpstreamRecord[]): UpstreamRecord[] {
  return [...new Map(records.map((record) => [record.messageId, record])).values()];
}

function numbersOf(records: readonly UpstreamRecord[], key: string): number[] {
  return records
    .filter((record) => record.key === key)
    .map((record) => Number(record.messageId.slice(key.length + 1)));
}

/** Args may be spaced differently after a trip, bytes come in whatever view the adapter has, and the log adds its time. */
function comparable(record: UpstreamRecord): unknown {
  const { logged, ...rest } = record;
  if (logged !== undefined) expect(Math.abs(Date.now() - logged)).toBeLessThan(60_000);
  if (record.kind !== 'message') return rest;
  const { args, attachments } = record.body;
  return {
    ...rest,
    body: {
      args: JSON.parse(args),
      attachments: attachments.map((bytes) => Buffer.from(bytes).toString('hex')),
    },
  };
}
