import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../../gateway/seeded-random.ts';
import type { Cluster } from '../cluster.ts';
import { type Fault, type FaultyProxy, NO_FAULT } from '../faulty-proxy.ts';
import type { Member } from '../member.ts';
import type { Services } from '../services.ts';

/** What faults can reach. */
export interface Arena {
  readonly cluster: Cluster;
  readonly services: Services;
  /** Each member's way to Redis, by its name. */
  readonly redisWays: ReadonlyMap<string, FaultyProxy>;
  /** The clients' ways to the balancers. */
  readonly clientWays: readonly FaultyProxy[];
  readonly random: SeededRandom;
}

/** Does something bad, and undoes it; says what, for people. */
export interface SoakFault {
  readonly name: string;
  strike(arena: Arena): Promise<string>;
}

const seconds = (random: SeededRandom, least: number, most: number) =>
  1000 * (least + (most - least) * random.fraction());

const anyOf = <T>(random: SeededRandom, all: readonly T[]): T =>
  all[Math.floor(random.fraction() * all.length)]!;

function memberFault(
  name: string,
  role: 'gateways' | 'apis',
  strike: (member: Member, random: SeededRandom) => Promise<void>,
): SoakFault {
  return {
    name,
    async strike({ cluster, random }) {
      const member = anyOf(random, cluster[role]);
      await strike(member, random);
      return `${name}: ${member.name}`;
    },
  };
}

async function kill(member: Member, random: SeededRandom): Promise<void> {
  await member.kill();
  await sleep(seconds(random, 0, 6));
  await member.start();
}

async function pause(member: Member, random: SeededRandom): Promise<void> {
  member.signal('SIGSTOP');
  await sleep(seconds(random, 0.5, 8));
  member.signal('SIGCONT');
}

async function drain(member: Member): Promise<void> {
  const code = await member.stop();
  if (code !== 0) throw new Error(`${member.name} ended with ${code} after SIGTERM`);
  await member.start();
}

/** One connection after the other, or all of them, goes bad for a while. */
function networkFault(
  name: string,
  ways: (arena: Arena) => readonly FaultyProxy[],
  fault: Fault | 'reset',
): SoakFault {
  return {
    name,
    async strike(arena) {
      const way = anyOf(arena.random, ways(arena));
      if (fault === 'reset') way.reset();
      else {
        way.set(fault);
        await sleep(seconds(arena.random, 0.5, 5));
        way.set(NO_FAULT);
      }
      return name;
    },
  };
}

function serviceFault(name: string, which: 'redis' | 'kafka', how: 'kill' | 'pause'): SoakFault {
  return {
    name,
    async strike({ services, random }) {
      const service = services[which];
      if (service === null) return `${name}: there is none`;
      if (how === 'kill') {
        await service.kill();
        await sleep(seconds(random, 0, 5));
        await service.run();
      } else {
        service.signal('SIGSTOP');
        await sleep(seconds(random, 0.5, 5));
        service.signal('SIGCONT');
      }
      return name;
    },
  };
}

const redisWays = ({ redisWays: ways }: Arena) => [...ways.values()];
const clientWays = ({ clientWays: ways }: Arena) => ways;

const REDIS_FAULTS: readonly SoakFault[] = [
  memberFault('SIGKILL', 'gateways', kill),
  memberFault('SIGSTOP', 'gateways', pause),
  memberFault('SIGTERM', 'gateways', drain),
  memberFault('SIGKILL', 'apis', kill),
  memberFault('SIGSTOP', 'apis', pause),
  memberFault('SIGTERM', 'apis', drain),
  serviceFault('Redis restarts', 'redis', 'kill'),
  serviceFault('Redis stands still', 'redis', 'pause'),
  networkFault('the way of one member to Redis is silent', redisWays, { kind: 'silence' }),
  networkFault('the way of one member to Redis is slow', redisWays, { kind: 'delay', ms: 300 }),
  networkFault('the way of one member to Redis is cut', redisWays, { kind: 'refuse' }),
  networkFault('connections of clients are reset', clientWays, 'reset'),
  networkFault('connections of clients are slow', clientWays, { kind: 'throttle', bytesPerSecond: 20_000 }),
  networkFault('connections of clients are half-open', clientWays, { kind: 'silence' }),
];

const KAFKA_FAULTS: readonly SoakFault[] = [
  ...REDIS_FAULTS,
  serviceFault('Kafka restarts', 'kafka', 'kill'),
  serviceFault('Kafka stands still', 'kafka', 'pause'),
];

export function faultsOf(bus: 'redis' | 'kafka'): readonly SoakFault[] {
  return bus === 'kafka' ? KAFKA_FAULTS : REDIS_FAULTS;
}
