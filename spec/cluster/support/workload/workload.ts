import { setTimeout as sleep } from 'node:timers/promises';
import { LIBRARIES, TRANSPORTS } from '../../../clients/libraries.ts';
import type { History } from '../../../support/history/history.ts';
import type { Violation } from '../../../support/history/violation.ts';
import { until } from '../until.ts';
import type { HistoryBackend } from './history-backend.ts';
import { Session } from './session.ts';

export interface WorkloadOptions {
  readonly history: History;
  readonly backend: HistoryBackend;
  /** Where clients connect; they take turns. */
  readonly urls: readonly string[];
  readonly clients: number;
  /** How long each client rests between two messages, ms. */
  readonly rest: number;
  readonly push: (request: object) => Promise<unknown>;
  readonly pushers: number;
  /** How long a session is open before pushes are promised to it, ms: nodes may look up users in a cache. */
  readonly knownAfter?: number;
  /** Nodes are killed or drained meanwhile. */
  readonly nodesLeave?: boolean;
  /** Names of sessions begin so. */
  readonly prefix?: string;
}

/** How long a client waits before it connects again, ms. */
const RECONNECT = 300;
const SETTLE_TIMEOUT = 60_000;
/** What is behind the last acknowledgement comes at once, or when what holds it up has run into its deadline, ms. */
const LATE = 20_000;
/** Between two clients' first steps, ms. */
const APART = 10;
/** A client waits for answers when it has asked for so many: a slow machine gets as much to do as it can. */
const MAX_WAITING = 10;

export interface WorkloadCounts {
  sessions: number;
  said: number;
  pushed: number;
  refused: number;
}

/**
 * Clients of every library and transport that talk, are pushed to and come back when they are cut off; everything is
 * noted. Faults are somebody else's business.
 */
export class Workload {
  readonly counts: WorkloadCounts = { sessions: 0, said: 0, pushed: 0, refused: 0 };
  private readonly options: WorkloadOptions;
  private readonly sessions: Session[] = [];
  private readonly current: (Session | null)[];
  private readonly tasks: Promise<void>[] = [];
  private isRunning = true;

  constructor(options: WorkloadOptions) {
    this.options = options;
    this.current = Array.from({ length: options.clients }, () => null);
  }

  start(): void {
    const { clients, pushers } = this.options;
    for (let i = 0; i < clients; i++) this.tasks.push(this.client(i));
    for (let i = 0; i < pushers; i++) this.tasks.push(this.pusher(i));
  }

  /** Resolves when every client is connected. */
  async connected(ms = SETTLE_TIMEOUT): Promise<void> {
    await until(
      () => this.current.every((session) => session?.isOpen === true),
      ms,
      () => {
        const missing = this.current.filter((session) => session?.isOpen !== true).length;
        return `${missing} of ${this.current.length} clients are not connected`;
      },
    );
  }

  openSessions(): readonly Session[] {
    return this.current.filter((session): session is Session => session?.isOpen === true);
  }

  /** Sessions that ended by themselves: who, and what the client said. */
  broken(): readonly string[] {
    return this.brokenSessions().map(({ name, kind, whyEnded }) => `${name} (${kind}): ${whyEnded}`);
  }

  /** Resolves when the backend has heard the end of every session that broke and whose begin it heard. */
  async endsHeard(): Promise<void> {
    const { backend } = this.options;
    const unheard = () =>
      this.brokenSessions().filter(({ name }) => backend.sockets.has(name) && !backend.ends.has(name));
    await until(
      () => unheard().length === 0,
      SETTLE_TIMEOUT,
      () => `the backend has not heard the end of ${unheard().length} sessions`,
    );
  }

  private brokenSessions(): readonly Session[] {
    return this.sessions.filter(
      ({ whyEnded }) =>
        whyEnded !== '' && !whyEnded.startsWith('closed by') && whyEnded !== 'io client disconnect',
    );
  }

  /** Lets clients and pushers finish, waits for every answer still owed, and judges. Sessions are closed at the end. */
  async finish(promises: Parameters<History['check']>[0] = {}): Promise<readonly Violation[]> {
    this.isRunning = false;
    await Promise.all(this.tasks);
    const { history, backend } = this.options;
    const open = this.openSessions();
    await until(
      () => open.every((session) => !session.isOpen || session.waiting === 0),
      SETTLE_TIMEOUT,
      () => '',
    ).catch(() => {});
    for (const session of open) session.claim();
    // The echo comes behind the acknowledgement, and a push behind its answer.
    await sleep(1000);
    await until(
      () => !history.check(promises).some(({ kind }) => kind === 'missing'),
      LATE,
      () => '',
    ).catch(() => {});
    history.settled();
    for (const session of this.current) session?.disconnect();
    const heard = () => this.sessions.filter(({ name }) => backend.sockets.has(name));
    await until(
      () => heard().every(({ name }) => backend.ends.has(name)),
      SETTLE_TIMEOUT,
      () => '',
    ).catch(() => {});
    await sleep(500);
    for (const { name } of heard()) history.accepted(`end ${name}`);
    return history.check(promises);
  }

  private async client(index: number): Promise<void> {
    const { history, urls, rest, prefix = '', nodesLeave = false } = this.options;
    const library = LIBRARIES[index % LIBRARIES.length]!;
    const { transports } = TRANSPORTS[Math.floor(index / LIBRARIES.length) % TRANSPORTS.length]!;
    await sleep(index * APART);
    for (let life = 1; this.isRunning; life++) {
      const name = `${prefix}c${index}#${life}`;
      const url = urls[(index + life) % urls.length]!;
      const session = new Session({ history, name, library, url, transports, nodesLeave });
      this.sessions.push(session);
      this.current[index] = session;
      this.counts.sessions++;
      let hasEnded = false;
      void session.ended.then(() => {
        hasEnded = true;
      });
      while (this.isRunning && !hasEnded) {
        if (session.isOpen && session.waiting < MAX_WAITING) {
          session.say();
          this.counts.said++;
        }
        await sleep(rest * (0.5 + Math.random()));
      }
      if (!hasEnded) return;
      session.disconnect();
      await sleep(RECONNECT * (0.5 + Math.random()));
    }
  }

  /** To one user, or to many, one push after the other: the next is sent when the last was answered. */
  private async pusher(index: number): Promise<void> {
    const { history, push, prefix = '', knownAfter = 1_000 } = this.options;
    for (let n = 0; this.isRunning; n++) {
      await sleep(5);
      const known = this.sessions.filter((session) => session.hasBeenOpenFor(knownAfter));
      if (known.length === 0) continue;
      const one = known[Math.floor(Math.random() * known.length)]!;
      const isToAll = n % 25 === 24;
      const users = (isToAll ? known : n % 5 === 4 ? known.slice(0, 20) : [one]).map(({ name }) => name);
      const id = `${prefix}pusher ${index} push ${n}`;
      history.sent(id, `${prefix}pusher ${index}`, users, isToAll ? { perhaps: `${prefix}c` } : {});
      try {
        await push({ to: isToAll ? { everyone: true } : { users }, event: 'pushed', args: [id] });
        history.accepted(id);
        this.counts.pushed++;
      } catch {
        history.refused(id);
        this.counts.refused++;
      }
    }
  }
}
