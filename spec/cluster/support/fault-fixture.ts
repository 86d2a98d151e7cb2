import { LIBRARIES } from '../../clients/libraries.ts';
import { History } from '../../support/history/history.ts';
import { describeViolations } from '../../support/history/violation.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { FaultyProxy, NO_FAULT } from './faulty-proxy.ts';
import type { Settings } from './member.ts';
import type { Services } from './services.ts';
import { until } from './until.ts';
import { HistoryBackend } from './workload/history-backend.ts';
import { Session } from './workload/session.ts';

/** Lease of node numbers in these tests, ms. */
export const LEASE = 3_000;

/** Two gateways and two APIs, each with its own way to Redis, whose faults can be switched. */
export class FaultFixture {
  readonly services: Services;
  readonly cluster: Cluster;
  readonly backend: HistoryBackend;
  history: History;
  private readonly proxies: ReadonlyMap<string, FaultyProxy>;
  private sessions: Session[] = [];
  private opened = 0;

  private constructor(parts: Pick<FaultFixture, 'services' | 'cluster' | 'backend' | 'history'> & Proxies) {
    this.services = parts.services;
    this.cluster = parts.cluster;
    this.backend = parts.backend;
    this.history = parts.history;
    this.proxies = parts.byName;
  }

  static async start(startServices: () => Promise<Services>, settings: Settings = {}): Promise<FaultFixture> {
    const services = await startServices();
    const history = new History();
    const backend = await HistoryBackend.start(history);
    const byName = new Map<string, FaultyProxy>();
    for (const name of ['gateway 1', 'gateway 2', 'api 1', 'api 2']) {
      byName.set(name, await FaultyProxy.start(services.redis.port));
    }
    const cluster = await startCluster({
      gateways: 2,
      services: services.settings,
      settings: {
        'backend.url': backend.url,
        'auth.mode': 'backend',
        'cluster.leaseTtl': `${LEASE}ms`,
        'engine.pingInterval': '3s',
        'engine.pingTimeout': '4s',
        ...settings,
      },
      settingsOf: (name) => ({ 'redis.url': `redis://127.0.0.1:${byName.get(name)!.port}` }),
    });
    return new FaultFixture({ services, cluster, backend, history, byName });
  }

  /** The way of one member to Redis. */
  way(name: string): FaultyProxy {
    return this.proxies.get(name)!;
  }

  get ways(): readonly FaultyProxy[] {
    return [...this.proxies.values()];
  }

  /** A session on this gateway that everybody knows of. */
  async open(gateway: number, transports: readonly string[] = ['websocket']): Promise<Session> {
    const name = `s${this.opened}#1`;
    const library = LIBRARIES[this.opened++ % LIBRARIES.length]!;
    const url = this.cluster.gateways[gateway]!.url;
    const session = new Session({ history: this.history, name, library, url, transports });
    this.sessions.push(session);
    await until(() => session.isOpen && this.backend.sockets.has(name));
    return session;
  }

  /** Emits to the user of a session, over both APIs in turns; notes it. */
  async push(session: Session, id: string): Promise<void> {
    this.history.sent(id, id, [session.name]);
    await this.cluster.push('Emit', { to: { users: [session.name] }, event: 'pushed', args: [id] });
    this.history.accepted(id);
  }

  /**
   * Waits until nothing is owed to open sessions, ends them all, and says what the history says: 'no violation'. With
   * `repeats`, what the backend was told may have been told again: whoever called it could not note that it had. Ends
   * only where API nodes begin anew over them. The next test begins another history.
   */
  async judge(repeats: 'once' | 'at least once' | 'ends as well' = 'once'): Promise<string> {
    const { backend, history, sessions } = this;
    // What is still owed then is found missing.
    const owed = () =>
      sessions.some((session) => session.isOpen && session.waiting > 0) ||
      history.check().some(({ kind }) => kind === 'missing');
    await until(() => !owed(), 20_000).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const session of sessions) session.claim();
    history.settled();
    for (const session of sessions) session.disconnect();
    const heard = sessions.filter(({ name }) => backend.sockets.has(name));
    await until(() => heard.every(({ name }) => backend.ends.has(name)), 15_000).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const { name } of heard) history.accepted(`end ${name}`);
    const mayRepeat = (stream: string) =>
      repeats === 'ends as well' || (repeats === 'at least once' && !stream.startsWith('end of '));
    this.sessions = [];
    this.history = new History();
    backend.history = this.history;
    return describeViolations(history.check({ mayRepeat }));
  }

  /** Every member is ready again. */
  async heal(): Promise<void> {
    for (const way of this.ways) way.set(NO_FAULT);
    const { gateways, apis } = this.cluster;
    for (const member of [...gateways, ...apis]) {
      await until(
        async () => (await member.readiness())?.ok === true,
        15_000,
        () => `${member.name} is not ready`,
      );
    }
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.disconnect();
    await this.cluster.close();
    await this.backend.close();
    await Promise.all(this.ways.map((way) => way.close()));
    await this.services.close();
  }
}

interface Proxies {
  readonly byName: ReadonlyMap<string, FaultyProxy>;
}
