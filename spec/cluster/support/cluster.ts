import { type EchoBackend, startEchoBackend } from '../../support/echo-backend.ts';
import { type Balancers, startBalancers } from './balancers.ts';
import { Member, type Settings } from './member.ts';
import { push } from './push.ts';

export interface ClusterOptions {
  readonly gateways?: number;
  readonly apis?: number;
  /** Where Redis and perhaps Kafka are. */
  readonly services: Settings;
  /** For all members. */
  readonly settings?: Settings;
  /** For one of them. */
  readonly settingsOf?: (name: string) => Settings;
  readonly backend?: EchoBackend;
}

/** A cluster of real processes, behind balancers that know nothing of sessions. */
export interface Cluster {
  readonly gateways: readonly Member[];
  readonly apis: readonly Member[];
  readonly backend: EchoBackend;
  readonly balancers: Balancers;
  /** Over the API nodes that run, in turns. */
  push(method: string, request: object, timeout?: number): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Shorter than the defaults, so that what waits for them does not take long; long enough for two busy cores. */
const SETTINGS: Settings = {
  'engine.rehearsal': 'false',
  'cluster.leaseTtl': '3s',
  'log.level': 'info',
  'log.format': 'json',
};

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { gateways = 3, apis = 2, services, settings = {}, settingsOf = () => ({}) } = options;
  const backend = options.backend ?? (await startEchoBackend());
  const create = (role: 'gateway' | 'api', name: string) =>
    Member.create(role, name, {
      ...SETTINGS,
      'backend.url': backend.url,
      ...services,
      ...settings,
      ...settingsOf(name),
    });
  const named = (role: 'gateway' | 'api', count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => create(role, `${role} ${i + 1}`)));
  const members = { gateways: await named('gateway', gateways), apis: await named('api', apis) };
  const all = [...members.gateways, ...members.apis];
  let balancers: Balancers;
  try {
    await Promise.all(all.map((member) => member.start()));
    balancers = await startBalancers(members.gateways.map(({ port }) => port));
  } catch (error) {
    await Promise.all(all.map((member) => member.kill()));
    await backend.close();
    throw error;
  }
  let turn = 0;
  return {
    ...members,
    backend,
    balancers,
    push: (method, request, timeout) => {
      const running = members.apis.filter((api) => api.isRunning);
      return push(running[turn++ % running.length]!.url, method, request, timeout);
    },
    close: async () => {
      await balancers.close();
      await Promise.all(all.map((member) => member.kill()));
      await backend.close();
    },
  };
}
