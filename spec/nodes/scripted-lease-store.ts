import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type {
  Incarnation,
  LeaseHolding,
  LeaseOutcome,
  LeaseRequest,
  LeaseStore,
  NodeRecord,
  Renewal,
} from '../../src/runtime/ports/lease-store.ts';

/** A lease store that answers as told, at once or after `delay` turns of the promise queue. */
export class ScriptedLeaseStore implements LeaseStore {
  readonly calls: string[] = [];
  outcome: LeaseOutcome = { kind: 'granted', number: 7, epoch: 1, slot: 0, reached: 0 };
  renewal: Renewal = 'renewed';
  down = false;
  deadNodes: NodeRecord[] = [];
  liveNodes: NodeRecord[] = [];
  mayBury = true;
  readonly reached: number[] = [];

  async acquire(_request: LeaseRequest): Promise<LeaseOutcome> {
    this.note('acquire');
    return this.outcome;
  }

  async renew(_lease: LeaseHolding, reached: number): Promise<Renewal> {
    this.note('renew');
    this.reached.push(reached);
    return this.renewal;
  }

  async release(): Promise<void> {
    this.note('release');
  }

  async nodes(): Promise<readonly NodeRecord[]> {
    this.note('nodes');
    return this.liveNodes;
  }

  async dead(): Promise<readonly NodeRecord[]> {
    this.note('dead');
    return this.deadNodes;
  }

  async claimBurial(): Promise<boolean> {
    this.note('claimBurial');
    return this.mayBury;
  }

  async buried(incarnation: Incarnation): Promise<void> {
    this.note('buried');
    this.deadNodes = this.deadNodes.filter(({ epoch }) => epoch !== incarnation.epoch);
  }

  private note(call: string): void {
    this.calls.push(call);
    if (this.down) throw new HoldfastError('unavailable', 'the store is away');
  }
}

export function nodeRecord(number: number, more: Partial<NodeRecord> = {}): NodeRecord {
  return {
    number,
    epoch: number * 10,
    slot: number,
    role: 'gateway',
    version: '1',
    address: `10.0.0.${number}:7000`,
    inspectAddress: `10.0.0.${number}:7001`,
    leaseUntil: 0,
    name: `node ${number}`,
    load: {},
    ...more,
  };
}

/** Lets promises settle. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await Promise.resolve();
}
