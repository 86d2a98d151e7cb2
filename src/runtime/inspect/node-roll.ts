import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { NodeRecord } from '../ports/lease-store.ts';
import type {
  Neighbour,
  Neighbours,
  NodeCourier,
  NodeReport,
  NodeVitals,
  PassedAnswer,
  PassedRequest,
} from '../ports/neighbours.ts';

export interface NodeRollOptions {
  /** Nodes with a lease, this one among them while it has one. */
  readonly records: () => Iterable<NodeRecord>;
  readonly role: NodeReport['role'];
  readonly vitals: () => NodeVitals;
  /** Null where there is nobody to ask. */
  readonly courier: () => NodeCourier | null;
  readonly clock: Clock;
}

/** How long (ms) is waited for a node that has been asked before: what it said then will do. */
const PATIENCE = 250;

/** What became of asking one incarnation of a node. */
interface Asked {
  readonly epoch: number;
  /** Settles when it has answered or its time is up; null between questions. */
  pending: Promise<void> | null;
  hasFailed: boolean;
  vitals: NodeVitals | null;
  answeredAt: number | null;
}

/** All nodes of the cluster, called by name whenever somebody wants to see them; nobody is called otherwise. */
export class NodeRoll implements Neighbours {
  private readonly options: NodeRollOptions;
  private asked = new Map<number, Asked>();

  constructor(options: NodeRollOptions) {
    this.options = options;
  }

  vitals(): NodeVitals {
    return this.options.vitals();
  }

  async all(): Promise<readonly NodeReport[]> {
    const own = this.vitals();
    const others = this.others(own);
    this.asked = new Map(others.map((record) => [record.number, this.ask(record)]));
    await this.waitFor([...this.asked.values()]);
    const reports = others.map((record) => this.reportOf(record, this.asked.get(record.number)));
    reports.push(this.ownReport(own));
    return reports.sort((a, b) => (a.number ?? -1) - (b.number ?? -1));
  }

  find(name: string): Neighbour | null {
    const own = this.vitals().number;
    const records = [...this.options.records()];
    const found = records.find((record) => String(record.number) === name || record.name === name);
    if (name === String(own) || (found !== undefined && found.number === own)) return null;
    if (found === undefined) {
      const known = [...new Set([...(own === null ? [] : [own]), ...records.map(({ number }) => number)])];
      throw new HoldfastError(
        'not_found',
        `node: ${JSON.stringify(name.slice(0, 60))} is not among ${known.sort((a, b) => a - b).join(', ')}`,
      );
    }
    if (found.inspectAddress === '') {
      throw new HoldfastError('unavailable', `node ${found.number} cannot be asked: its version is older`);
    }
    return found;
  }

  gateways(): readonly Neighbour[] {
    return this.others(this.vitals()).filter(({ role }) => role === 'gateway');
  }

  pass(to: Neighbour, request: PassedRequest, aborted: AbortSignal): Promise<PassedAnswer> {
    return this.courier(to).pass(to, request, aborted);
  }

  private courier({ number }: Neighbour): NodeCourier {
    const courier = this.options.courier();
    if (courier === null) throw new HoldfastError('unavailable', `node ${number} cannot be asked yet`);
    return courier;
  }

  private others({ number: own }: NodeVitals): NodeRecord[] {
    return [...this.options.records()].filter(({ number }) => number !== own);
  }

  /** One question at a time to each: a node that stands still is not asked again before its time is up. */
  private ask(record: NodeRecord): Asked {
    const { number, epoch } = record;
    const before = this.asked.get(number);
    const asked: Asked =
      before?.epoch === epoch
        ? before
        : { epoch, pending: null, hasFailed: false, vitals: null, answeredAt: null };
    asked.pending ??= this.question(record)
      .then(
        (vitals) => {
          asked.vitals = vitals;
          asked.answeredAt = this.options.clock.wallNow();
          asked.hasFailed = false;
        },
        () => {
          asked.hasFailed = true;
        },
      )
      .finally(() => {
        asked.pending = null;
      });
    return asked;
  }

  private async question(record: NodeRecord): Promise<NodeVitals> {
    if (record.inspectAddress === '') throw new HoldfastError('unavailable', 'its version is older');
    const vitals = await this.courier(record).vitals(record);
    // Its address may be another's by now.
    if (vitals.number === record.number) return vitals;
    throw new HoldfastError('unavailable', `node ${record.number} is not there any more`);
  }

  /** For those who have never answered as long as they may take; the others' last word will do. */
  private async waitFor(all: readonly Asked[]): Promise<void> {
    const { clock } = this.options;
    const pending = all.map((asked) => asked.pending);
    const isFresh = ({ answeredAt, hasFailed }: Asked) => answeredAt === null && !hasFailed;
    if (all.some(isFresh)) {
      await Promise.all(all.filter(isFresh).map((asked) => asked.pending));
      return;
    }
    let timer: ReturnType<Clock['after']> | null = null;
    const pause = new Promise<void>((resolve) => {
      timer = clock.after(PATIENCE, resolve);
    });
    await Promise.race([Promise.all(pending), pause]);
    if (timer !== null) clock.cancel(timer);
  }

  private reportOf(record: NodeRecord, asked: Asked | undefined): NodeReport {
    const { number, name, role, version, epoch, leaseUntil, load } = record;
    const isReachable = asked !== undefined && asked.answeredAt !== null && !asked.hasFailed;
    const said = isReachable ? asked.vitals : null;
    return {
      number,
      name,
      role,
      version,
      incarnation: epoch,
      leaseUntil,
      self: false,
      reachable: isReachable,
      answeredAt: asked?.answeredAt ?? null,
      state: said?.state ?? null,
      connections: said?.connections ?? load.connections ?? null,
      load: said?.load ?? null,
      eventLoopDelay: said?.eventLoopDelay ?? null,
      kafkaLag: said?.kafkaLag ?? null,
    };
  }

  private ownReport(own: NodeVitals): NodeReport {
    const record = [...this.options.records()].find(({ number }) => number === own.number);
    const { number, version, state, connections, load, eventLoopDelay, kafkaLag } = own;
    return {
      number,
      name: record?.name ?? '',
      role: this.options.role,
      version,
      incarnation: record?.epoch ?? null,
      leaseUntil: record?.leaseUntil ?? null,
      self: true,
      reachable: true,
      answeredAt: this.options.clock.wallNow(),
      state,
      connections,
      load,
      eventLoopDelay,
      kafkaLag,
    };
  }
}
