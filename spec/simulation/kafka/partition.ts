import { ERROR } from './error-codes.ts';

export interface ProducedMessage {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[]>>;
}

/** What came with one request of a producer. */
export interface ProducedBatch {
  readonly producerId: string;
  readonly firstSequence: number;
  readonly messages: readonly ProducedMessage[];
}

interface KeptBatch {
  readonly first: number;
  readonly last: number;
  readonly offset: number;
}

/** Batches of a producer that are known again. */
const KEPT = 5;
/** Records in one answer at most. */
const FETCHED = 500;

/** One partition's log: all replicas in sync have it, or nobody. */
export class Partition {
  readonly id: number;
  /** Of the brokers. */
  leader: number;
  private readonly records: object[] = [];
  private readonly producers = new Map<string, KeptBatch[]>();
  private readonly waiters = new Set<() => void>();

  constructor(id: number, leader: number) {
    this.id = id;
    this.leader = leader;
  }

  get end(): number {
    return this.records.length;
  }

  /** A batch is known by its producer's sequence: one that came before is not written again, one after a gap refused. */
  append(
    { producerId, firstSequence, messages }: ProducedBatch,
    now: number,
  ): { error: number; offset: number } {
    const last = firstSequence + messages.length - 1;
    const batches = this.producers.get(producerId) ?? [];
    const again = batches.find((one) => one.first === firstSequence && one.last === last);
    if (again !== undefined) return { error: ERROR.none, offset: again.offset };
    const latest = batches.at(-1);
    if (latest !== undefined && firstSequence !== latest.last + 1) {
      return { error: ERROR.outOfOrderSequence, offset: -1 };
    }
    const offset = this.end;
    this.producers.set(producerId, [...batches, { first: firstSequence, last, offset }].slice(-KEPT));
    for (const message of messages) this.records.push(recordOf(message, this.end, now));
    for (const wake of [...this.waiters]) wake();
    return { error: ERROR.none, offset };
  }

  from(offset: number): object[] {
    return this.records.slice(offset, offset + FETCHED);
  }

  /** Calls when there is more; returns how to stop that. */
  whenMore(wake: () => void): () => void {
    this.waiters.add(wake);
    return () => this.waiters.delete(wake);
  }
}

function recordOf({ key, value, headers }: ProducedMessage, offset: number, now: number): object {
  return {
    magicByte: 2,
    attributes: 0,
    timestamp: String(Math.floor(now)),
    offset: String(offset),
    key: bytes(key ?? null),
    value: bytes(value),
    headers: Object.fromEntries(
      Object.entries(headers ?? {}).map(([name, one]) => [
        name,
        Array.isArray(one) ? one.map(bytes) : bytes(one),
      ]),
    ),
    isControlRecord: false,
  };
}

function bytes(value: Buffer | string | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
