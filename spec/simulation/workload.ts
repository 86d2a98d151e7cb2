import type { Target } from '../../src/runtime/delivery/target.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { emitCommand } from '../gateway/world.ts';
import type { History } from '../support/history/history.ts';
import type { Aim, InletPusher } from './inlet-pusher.ts';
import { roomOf, type SimulatedBackend } from './simulated-backend.ts';
import { type Balancer, SimulatedSession, type Transports } from './simulated-client.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface WorkloadOptions {
  readonly time: VirtualTime;
  readonly history: History;
  readonly backend: SimulatedBackend;
  readonly balance: Balancer;
  readonly apis: readonly SimulatedNode[];
  readonly clients: number;
  readonly pushers: number;
  /** How long a session is open before pushes to its user or room are promised to it, ms. */
  readonly knownAfter: number;
  /** When each socket joined its room. */
  readonly joinedAt: ReadonlyMap<string, number>;
  /** Writes to `ws.downstream`; null where there is none. */
  readonly inlet: InletPusher | null;
  /** What goes to a session by its old home may be lost. */
  readonly mayLoseNodes: boolean;
}

const KINDS: readonly Transports[] = ['websocket', 'upgrade', 'polling', 'upgrade'];
/** A pusher that gets no answer from one API asks another, so often. */
const TRIES = 4;

/** Clients that talk, are pushed to and come back when they are cut off. */
export class SimulatedWorkload {
  readonly sessions: SimulatedSession[] = [];
  readonly current: (SimulatedSession | null)[];
  isRunning = true;
  /** Pushes whose API node died over them: whether they were done nobody knows, and they may be done again. */
  readonly inDoubt = new Set<string>();
  private readonly options: WorkloadOptions;
  private pushing = 0;

  constructor(options: WorkloadOptions) {
    this.options = options;
    this.current = Array.from({ length: options.clients }, () => null);
  }

  get isQuiet(): boolean {
    return this.pushing === 0 && this.options.inlet?.isQuiet !== false;
  }

  start(): void {
    const { time, clients, pushers, inlet } = this.options;
    for (let i = 0; i < clients; i++) time.after(time.between(0, 300), () => this.connect(i, 1));
    for (let i = 0; i < pushers; i++) time.after(time.between(0, 500), () => void this.push(i));
    if (inlet !== null) void this.pushInto(inlet);
  }

  openSessions(): SimulatedSession[] {
    return this.current.filter((session): session is SimulatedSession => session?.isOpen === true);
  }

  private connect(index: number, life: number): void {
    if (!this.isRunning) return;
    const { time, history, balance } = this.options;
    const name = `c${index}#${life}`;
    const delay = time.between(0.5, 12);
    const session = new SimulatedSession(time, history, balance, name, KINDS[index % KINDS.length]!, delay);
    session.isOwedEchoes = () => !this.isMoving(session);
    this.sessions.push(session);
    this.current[index] = session;
    const beat = () => {
      if (session.hasEnded) {
        time.after(time.between(100, 500), () => this.connect(index, life + 1));
        return;
      }
      if (!this.isRunning) return;
      if (session.isOpen) {
        if (time.random.chance(0.02)) session.disconnect();
        else session.say();
      }
      time.after(time.between(50, 400), beat);
    };
    time.after(time.between(5, 100), beat);
  }

  private async push(index: number): Promise<void> {
    const { time, history } = this.options;
    for (let n = 0; this.isRunning; n++) {
      await time.pause(time.between(2, 120));
      const aim = this.aim();
      if (aim === null || !this.isRunning) continue;
      const id = `pusher ${index} push ${n}`;
      history.sent(
        id,
        `pusher ${index}`,
        aim.names,
        aim.perhaps === undefined ? {} : { perhaps: aim.perhaps },
      );
      time.note(`pusher ${index}`, `pushes ${n} to ${JSON.stringify(aim.to)}`);
      this.pushing++;
      const outcome = await this.emit(aim.to, id);
      this.pushing--;
      time.note(`pusher ${index}`, `push ${n} is ${outcome}`);
      if (outcome === 'accepted') history.accepted(id);
      else history.refused(id);
    }
  }

  private async pushInto(inlet: InletPusher): Promise<void> {
    const { time } = this.options;
    while (this.isRunning) {
      await time.pause(time.between(10, 300));
      const aim = this.aim();
      if (aim !== null && this.isRunning) inlet.push(aim);
    }
  }

  private aim(): Aim | null {
    const { time, backend, knownAfter, inlet } = this.options;
    const { random } = time;
    const known = this.openSessions().filter(({ name }) => {
      const begun = backend.begun.get(name);
      return begun !== undefined && time.now() - begun >= knownAfter;
    });
    const fresh = this.openSessions().filter(({ name }) => backend.sockets.has(name));
    const die = random.below(10);
    if (die < 4 && fresh.length > 0) {
      const session = random.pick(fresh);
      const { name } = session;
      const to = { sockets: [backend.sockets.get(name)!] };
      return this.isMoving(session) ? { to, names: [], perhaps: name } : { to, names: [name] };
    }
    if (known.length === 0) return null;
    if (die < 7) {
      const { name } = random.pick(known);
      return { to: { users: [name] }, names: [name] };
    }
    if (die < 9) {
      // The word of a backend that has someone join a room waits for Kafka when it is away.
      const members = inlet === null ? known : known.filter(({ name }) => this.isMember(name));
      if (members.length === 0) return null;
      const room = roomOf(random.pick(members).name);
      const names = members.filter((session) => roomOf(session.name) === room).map(({ name }) => name);
      return { to: { rooms: [room] }, names, perhaps: 'c' };
    }
    return { to: { everyone: true }, names: known.map(({ name }) => name), perhaps: 'c' };
  }

  private isMember(name: string): boolean {
    const { time, backend, joinedAt, knownAfter } = this.options;
    const joined = joinedAt.get(backend.sockets.get(name)!);
    return joined !== undefined && time.now() - joined >= knownAfter;
  }

  /** It may still be written to by its old home alone, and what is, is lost with that: docs/guarantees.md. */
  private isMoving({ movedAt }: SimulatedSession): boolean {
    const { time, mayLoseNodes, knownAfter } = this.options;
    return mayLoseNodes && movedAt !== null && time.now() - movedAt < knownAfter;
  }

  private async emit(to: Partial<Target>, id: string): Promise<string> {
    const { time, apis } = this.options;
    const command = emitCommand(to, 'pushed', [id]);
    let why = 'nobody is there';
    for (let tries = 0; tries < TRIES; tries++) {
      const open = apis.filter(({ api, process }) => api?.isOpen === true && !process.isDead);
      if (open.length === 0) {
        await time.pause(200);
        continue;
      }
      const node = time.random.pick(open);
      const { process } = node;
      try {
        await this.ask(node, () => node.api!.emit(command, id));
        return 'accepted';
      } catch (error) {
        if (process.isDead) this.inDoubt.add(id);
        why = error instanceof HoldfastError ? `${error.code}: ${error.message}` : String(error);
      }
    }
    return `refused (${why})`;
  }

  /** A request over the network, to a process that may die over it. */
  private ask({ process }: SimulatedNode, work: () => Promise<void>): Promise<void> {
    const { time } = this.options;
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error('connection lost'));
      const watch = () => (process.isDead ? lost() : time.after(100, watch));
      watch();
      time.after(time.between(0.2, 2), () =>
        process.input(() => {
          work().then(
            () => time.after(time.between(0.2, 2), resolve),
            (error: unknown) => time.after(time.between(0.2, 2), () => reject(error as Error)),
          );
        }),
      );
    });
  }
}
