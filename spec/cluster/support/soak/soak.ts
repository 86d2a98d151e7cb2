import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../../gateway/seeded-random.ts';
import { History } from '../../../support/history/history.ts';
import { describeViolations } from '../../../support/history/violation.ts';
import { startCluster } from '../cluster.ts';
import { FaultyProxy, NO_FAULT } from '../faulty-proxy.ts';
import { type Services, startRedisAndKafka, startRedisOnly } from '../services.ts';
import { until } from '../until.ts';
import { HistoryBackend } from '../workload/history-backend.ts';
import { Workload } from '../workload/workload.ts';
import { type Arena, faultsOf, type SoakFault } from './faults.ts';

export interface SoakOptions {
  readonly bus: 'redis' | 'kafka';
  /** No round begins after this time, ms. */
  readonly length: number;
  readonly seed: number;
  readonly clients: number;
  readonly faultsPerRound: number;
  /** Only these; all of the bus unless given. */
  readonly faults?: readonly SoakFault[];
  readonly say: (line: string) => void;
}

const HEAL_WITHIN = 60_000;
const CALM = 3_000;
const KNOWN_AFTER = 8_000;

/**
 * Rounds of traffic under faults, each judged by its history: what was promised arrived, nothing out of order, no push
 * twice. What the backend was told may come again, under the same message id. Resolves with what was found, one text
 * for each bad round.
 */
export async function soak(options: SoakOptions): Promise<readonly string[]> {
  const { bus, length, say, seed } = options;
  const services = await (bus === 'kafka' ? startRedisAndKafka() : startRedisOnly());
  const random = new SeededRandom(seed);
  const stage = await Stage.set(services, random);
  const found: string[] = [];
  const end = performance.now() + length;
  try {
    for (let round = 1; round === 1 || performance.now() < end; round++) {
      const verdict = await stage.round(round, options);
      say(`round ${round}: ${verdict.summary}`);
      if (verdict.violations === '') continue;
      say(verdict.violations);
      found.push(`round ${round}\n${verdict.violations}`);
    }
  } finally {
    await stage.clear();
  }
  return found;
}

class Stage {
  private readonly arena: Arena;
  private readonly backend: HistoryBackend;
  private readonly urls: readonly string[];

  private constructor(arena: Arena, backend: HistoryBackend, urls: readonly string[]) {
    this.arena = arena;
    this.backend = backend;
    this.urls = urls;
  }

  static async set(services: Services, random: SeededRandom): Promise<Stage> {
    const backend = await HistoryBackend.start(new History());
    const redisWays = new Map<string, FaultyProxy>();
    for (const name of ['gateway 1', 'gateway 2', 'gateway 3', 'api 1', 'api 2']) {
      redisWays.set(name, await FaultyProxy.start(services.redis.port));
    }
    const cluster = await startCluster({
      services: services.settings,
      settings: {
        'backend.url': backend.url,
        'auth.mode': 'backend',
        'engine.pingInterval': '3s',
        'engine.pingTimeout': '4s',
      },
      settingsOf: (name) => ({ 'redis.url': `redis://127.0.0.1:${redisWays.get(name)!.port}` }),
    });
    const clientWays = await Promise.all(
      [cluster.balancers.http, cluster.balancers.tcp].map((url) =>
        FaultyProxy.start(Number(new URL(url).port)),
      ),
    );
    const urls = clientWays.map(({ port }) => `http://127.0.0.1:${port}`);
    return new Stage({ cluster, services, redisWays, clientWays, random }, backend, urls);
  }

  async round(
    round: number,
    { bus, clients, faultsPerRound, faults, say }: SoakOptions,
  ): Promise<{ summary: string; violations: string }> {
    const { arena, backend } = this;
    const { random, cluster } = arena;
    const history = new History();
    backend.history = history;
    const workload = new Workload({
      history,
      backend,
      urls: this.urls,
      clients,
      rest: 250,
      push: (request) => cluster.push('Emit', request),
      pushers: 2,
      // Who came while Redis was away is found when it is back: docs/guarantees.md.
      knownAfter: KNOWN_AFTER,
      nodesLeave: true,
      prefix: `round ${round} `,
    });
    workload.start();
    await workload.connected(HEAL_WITHIN);
    const all = faults ?? faultsOf(bus);
    for (let n = 0; n < faultsPerRound; n++) {
      await sleep(1000 + 2000 * random.fraction());
      const fault = all[Math.floor(random.fraction() * all.length)]!;
      say(`  ${await fault.strike(arena)}`);
      await this.heal();
    }
    await workload.connected(HEAL_WITHIN);
    await sleep(CALM);
    const violations = await workload.finish({ mayRepeat: (stream) => !stream.includes('pusher') });
    const { sessions, said, pushed, refused } = workload.counts;
    return {
      summary: `${sessions} sessions, ${said} messages, ${pushed} pushes (${refused} more refused), ${describeViolations(violations, 0)}`,
      violations: violations.length === 0 ? '' : describeViolations(violations),
    };
  }

  async clear(): Promise<void> {
    const { cluster, services, redisWays, clientWays } = this.arena;
    await cluster.close();
    await this.backend.close();
    await Promise.all([...redisWays.values(), ...clientWays].map((way) => way.close()));
    await services.close();
  }

  private async heal(): Promise<void> {
    const { cluster, redisWays, clientWays } = this.arena;
    for (const way of [...redisWays.values(), ...clientWays]) way.set(NO_FAULT);
    for (const member of [...cluster.gateways, ...cluster.apis]) {
      await until(
        async () => (await member.readiness())?.ok === true,
        HEAL_WITHIN,
        () => `${member.name} does not become ready again`,
      );
    }
  }
}
