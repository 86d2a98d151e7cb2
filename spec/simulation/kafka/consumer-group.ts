import type { VirtualTime } from '../virtual-time.ts';
import { ERROR } from './error-codes.ts';

type Reply = (answer: object) => void;

export interface JoinRequest {
  readonly memberId: string;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}

export interface SyncRequest {
  readonly memberId: string;
  readonly generationId: number;
  readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
}

interface Member {
  readonly id: string;
  request: JoinRequest;
  assignment: Buffer;
  heardAt: number;
  join: Reply | null;
  sync: Reply | null;
}

type State = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** What of a group outlives its coordinator. */
interface Kept {
  readonly generation: number;
  readonly leader: string;
  readonly members: readonly {
    readonly request: JoinRequest;
    readonly id: string;
    readonly assignment: Buffer;
  }[];
}

const NOTHING = Buffer.alloc(0);

/**
 * One group of consumers as its coordinator has it.
 * Source: kafka.coordinator.group.GroupCoordinator, without static members.
 */
export class ConsumerGroup {
  readonly name: string;
  /** By topic and partition. */
  readonly committed = new Map<string, number>();
  private readonly time: VirtualTime;
  /** For how long the first member waits for others, ms. */
  private readonly initialDelay: number;
  /** Until when the coordinator does nothing, as a stopped process. */
  private readonly stalledUntil: () => number;
  private state: State = 'Empty';
  private generation = 0;
  private leader = '';
  private members = new Map<string, Member>();
  /** Ids given out, not used yet. */
  private readonly pending = new Set<string>();
  private kept: Kept = { generation: 0, leader: '', members: [] };
  /** Of this coordinator: what was armed by the one before does nothing. */
  private term = 0;
  private rebalance = 0;

  constructor(name: string, time: VirtualTime, initialDelay: number, stalledUntil: () => number) {
    this.name = name;
    this.time = time;
    this.initialDelay = initialDelay;
    this.stalledUntil = stalledUntil;
  }

  get memberIds(): readonly string[] {
    return [...this.members.keys()];
  }

  join(request: JoinRequest, reply: Reply): void {
    const { memberId } = request;
    if (memberId === '') {
      const id = `holdfast-${Buffer.from(this.time.random.bytes(6)).toString('hex')}`;
      this.pending.add(id);
      this.later(request.sessionTimeout, () => {
        if (this.pending.delete(id)) this.completeIfAllJoined();
      });
      return reply({ errorCode: ERROR.memberIdRequired, memberId: id });
    }
    const known = this.members.get(memberId);
    if (known === undefined && !this.pending.delete(memberId)) {
      return reply({ errorCode: ERROR.unknownMember, memberId });
    }
    const member = known ?? this.add(request);
    const isSame = known !== undefined && sameProtocols(known.request, request);
    member.request = request;
    this.hear(member);
    if (isSame && this.state === 'CompletingRebalance') return reply(this.joined(member));
    if (isSame && this.state === 'Stable' && memberId !== this.leader) return reply(this.joined(member));
    member.join = reply;
    if (this.state === 'PreparingRebalance') this.completeIfAllJoined();
    else this.prepare();
  }

  sync({ memberId, generationId, groupAssignment }: SyncRequest, reply: Reply): void {
    const member = this.members.get(memberId);
    const error = this.wrong(member, generationId);
    if (error !== ERROR.none) return reply({ errorCode: error, memberAssignment: NOTHING });
    if (this.state === 'PreparingRebalance') {
      return reply({ errorCode: ERROR.rebalanceInProgress, memberAssignment: NOTHING });
    }
    this.hear(member!);
    if (this.state === 'Stable') return reply({ errorCode: 0, memberAssignment: member!.assignment });
    member!.sync = reply;
    if (memberId !== this.leader) return;
    for (const one of groupAssignment) {
      const assigned = this.members.get(one.memberId);
      if (assigned !== undefined) assigned.assignment = Buffer.from(one.memberAssignment);
    }
    this.state = 'Stable';
    this.keep();
    for (const one of this.members.values()) {
      this.hear(one);
      one.sync?.({ errorCode: 0, memberAssignment: one.assignment });
      one.sync = null;
    }
  }

  heartbeat(memberId: string, generationId: number): number {
    const member = this.members.get(memberId);
    const error = this.wrong(member, generationId);
    if (error !== ERROR.none) return error;
    this.hear(member!);
    return this.state === 'PreparingRebalance' ? ERROR.rebalanceInProgress : ERROR.none;
  }

  commit(memberId: string, generationId: number, offsets: ReadonlyMap<string, number>): number {
    const member = this.members.get(memberId);
    const error = this.wrong(member, generationId);
    if (error !== ERROR.none) return error;
    this.hear(member!);
    if (this.state === 'CompletingRebalance') return ERROR.rebalanceInProgress;
    for (const [place, offset] of offsets) this.committed.set(place, offset);
    return ERROR.none;
  }

  leave(memberId: string): number {
    if (this.pending.delete(memberId)) {
      this.completeIfAllJoined();
      return ERROR.none;
    }
    const member = this.members.get(memberId);
    if (member === undefined) return ERROR.unknownMember;
    this.remove(member);
    return ERROR.none;
  }

  /** Another coordinator has taken over, or the same one began again: it knows what was written down. */
  load(): void {
    const { generation, leader, members } = this.kept;
    // Who waits for the one before is told, if that still lives: GroupCoordinator, "onGroupUnloaded".
    for (const { id, join, sync } of this.members.values()) {
      join?.({ errorCode: ERROR.notCoordinator, memberId: id });
      sync?.({ errorCode: ERROR.notCoordinator, memberAssignment: NOTHING });
    }
    this.term++;
    this.rebalance++;
    this.generation = generation;
    this.leader = leader;
    this.pending.clear();
    this.members = new Map();
    this.state = members.length === 0 ? 'Empty' : 'Stable';
    for (const { id, request, assignment } of members) {
      const member: Member = { id, request, assignment, heardAt: this.time.now(), join: null, sync: null };
      this.members.set(id, member);
      this.watch(member);
    }
  }

  private wrong(member: Member | undefined, generation: number): number {
    if (member === undefined) return ERROR.unknownMember;
    return generation === this.generation ? ERROR.none : ERROR.illegalGeneration;
  }

  private add(request: JoinRequest): Member {
    const id = request.memberId;
    const member: Member = { id, request, assignment: NOTHING, heardAt: 0, join: null, sync: null };
    this.members.set(id, member);
    this.hear(member);
    this.watch(member);
    return member;
  }

  private hear(member: Member): void {
    member.heardAt = this.time.now();
  }

  /** Who has not been heard of for its session's time is no member any more; who waits for an answer is. */
  private watch(member: Member): void {
    const { sessionTimeout } = member.request;
    this.later(member.heardAt + sessionTimeout - this.time.now(), () => {
      if (this.members.get(member.id) !== member) return;
      if (member.join !== null || member.sync !== null) this.hear(member);
      if (this.time.now() - member.heardAt < sessionTimeout) return this.watch(member);
      this.time.note('kafka', `${member.id} of ${this.name} is given up`);
      this.remove(member);
    });
  }

  private remove(member: Member): void {
    this.members.delete(member.id);
    // Who waits is told, or it would wait for as long as a rebalance may take.
    member.join?.({ errorCode: ERROR.unknownMember, memberId: member.id });
    member.sync?.({ errorCode: ERROR.unknownMember, memberAssignment: NOTHING });
    if (member.id === this.leader) this.leader = this.members.keys().next().value ?? '';
    if (this.state === 'PreparingRebalance') this.completeIfAllJoined();
    else if (this.state !== 'Empty') this.prepare();
  }

  private prepare(): void {
    const wasEmpty = this.state === 'Empty';
    this.state = 'PreparingRebalance';
    for (const member of this.members.values()) {
      member.sync?.({ errorCode: ERROR.rebalanceInProgress, memberAssignment: NOTHING });
      member.sync = null;
    }
    const rebalance = ++this.rebalance;
    const patience = wasEmpty
      ? this.initialDelay
      : Math.max(0, ...[...this.members.values()].map(({ request }) => request.rebalanceTimeout));
    this.later(patience, () => {
      if (this.rebalance === rebalance && this.state === 'PreparingRebalance') this.complete();
    });
    if (!wasEmpty || this.initialDelay === 0) this.completeIfAllJoined();
  }

  private completeIfAllJoined(): void {
    if (this.state !== 'PreparingRebalance' || this.pending.size > 0) return;
    if ([...this.members.values()].every(({ join }) => join !== null)) this.complete();
  }

  private complete(): void {
    for (const [id, { join }] of this.members) if (join === null) this.members.delete(id);
    this.generation++;
    const rebalance = ++this.rebalance;
    if (this.members.size === 0) {
      this.state = 'Empty';
      this.leader = '';
      return this.keep();
    }
    this.state = 'CompletingRebalance';
    if (!this.members.has(this.leader)) this.leader = this.members.keys().next().value!;
    this.time.note('kafka', `${this.name} has generation ${this.generation} of ${this.members.size}`);
    for (const member of this.members.values()) {
      const { join } = member;
      member.join = null;
      this.hear(member);
      join?.(this.joined(member));
    }
    const patience = Math.max(...[...this.members.values()].map(({ request }) => request.rebalanceTimeout));
    this.later(patience, () => {
      if (this.rebalance !== rebalance || this.state !== 'CompletingRebalance') return;
      for (const [id, { sync }] of this.members) if (sync === null) this.members.delete(id);
      this.prepare();
    });
  }

  private joined({ id }: Member): object {
    const members = [...this.members.values()].map((member) => ({
      memberId: member.id,
      memberMetadata: member.request.groupProtocols[0]!.metadata,
    }));
    return {
      errorCode: 0,
      generationId: this.generation,
      groupProtocol: this.members.get(id)!.request.groupProtocols[0]!.name,
      leaderId: this.leader,
      memberId: id,
      members: id === this.leader ? members : [],
    };
  }

  private keep(): void {
    const members = [...this.members.values()].map(({ id, request, assignment }) => ({
      id,
      request,
      assignment,
    }));
    this.kept = { generation: this.generation, leader: this.leader, members };
  }

  /** On the coordinator's clock: when it stands still, what is due comes with everything else that waited for it. */
  private later(ms: number, callback: () => void): void {
    const { term } = this;
    const due = () => {
      if (this.term !== term) return;
      const rest = this.stalledUntil() - this.time.now();
      if (rest > 0) this.time.after(rest + this.time.between(0, 20), due);
      else callback();
    };
    this.time.after(Math.max(0, ms), due);
  }
}

function sameProtocols(one: JoinRequest, other: JoinRequest): boolean {
  return one.groupProtocols.every(({ name, metadata }, index) => {
    const against = other.groupProtocols[index];
    return against?.name === name && Buffer.compare(against.metadata, metadata) === 0;
  });
}
