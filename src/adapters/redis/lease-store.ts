import type {
  Incarnation,
  LeaseHolding,
  LeaseOutcome,
  LeaseRequest,
  LeaseStore,
  NodeRecord,
  Renewal,
} from '../../runtime/ports/lease-store.ts';
import { ACQUIRE, BURIED, CLAIM_BURIAL, NODES, RELEASE, RENEW } from './lease-scripts.ts';
import type { RedisClient } from './redis-client.ts';

const KEYS = ['names', 'leases', 'records', 'numbers', 'reached', 'counter'].map(
  (name) => `holdfast:{nodes}:${name}`,
);

/** By what the script says. */
const RENEWALS: readonly Renewal[] = ['lost', 'renewed', 'forgotten'];

/** Leases on node numbers in Redis, whose clock is the one that counts. */
export class RedisLeaseStore implements LeaseStore {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  async acquire(request: LeaseRequest): Promise<LeaseOutcome> {
    const { name, owner, wanted, previous, role, version, address, inspectAddress, ttl } = request;
    const record = JSON.stringify({ role, version, address, inspectAddress, name, load: {} });
    const reply = await this.#eval<string[]>(ACQUIRE, [
      `${name}@${version}`,
      owner,
      String(wanted ?? ''),
      String(previous ?? ''),
      String(ttl),
      record,
    ]);
    if (reply[0] === 'held') return { kind: 'held', by: reply[1]!, until: Number(reply[2]) };
    const [, number, epoch, slot, reached] = reply.map(Number) as [number, number, number, number, number];
    return { kind: 'granted', number, epoch, slot, reached };
  }

  async renew(
    lease: LeaseHolding,
    reached: number,
    load: Readonly<Record<string, number>>,
    ttl: number,
  ): Promise<Renewal> {
    const { number, epoch, owner } = lease;
    const renewed = await this.#eval<number>(RENEW, [
      String(number),
      String(epoch),
      owner,
      String(reached),
      JSON.stringify(load),
      String(ttl),
    ]);
    return RENEWALS[renewed]!;
  }

  async release({ number, epoch, owner }: LeaseHolding): Promise<void> {
    await this.#eval(RELEASE, [String(number), String(epoch), owner]);
  }

  nodes(): Promise<readonly NodeRecord[]> {
    return this.#records('live');
  }

  dead(): Promise<readonly NodeRecord[]> {
    return this.#records('dead');
  }

  async claimBurial({ number, epoch }: Incarnation, owner: string, ttl: number): Promise<boolean> {
    const arguments_ = [String(number), String(epoch), owner, String(ttl)];
    return (await this.#eval<number>(CLAIM_BURIAL, arguments_)) === 1;
  }

  async buried({ number, epoch }: Incarnation): Promise<void> {
    await this.#eval(BURIED, [String(number), String(epoch)]);
  }

  async #records(which: 'live' | 'dead'): Promise<readonly NodeRecord[]> {
    const texts = await this.#eval<string[]>(NODES, [which]);
    return texts.map((text) => {
      const { number, epoch, slot, role, version, address, name, load, ...rest } = JSON.parse(
        text,
      ) as NodeRecord;
      // Older versions do not say these.
      const { inspectAddress = '', leaseUntil = 0 }: Partial<NodeRecord> = rest;
      return { number, epoch, slot, role, version, address, inspectAddress, name, leaseUntil, load };
    });
  }

  #eval<T>(script: string, values: readonly string[]): Promise<T> {
    return this.#client.run((redis) => redis.eval(script, KEYS.length, ...KEYS, ...values) as Promise<T>);
  }
}
