import type { SimulatedBackend } from './simulated-backend.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { Way } from './way.ts';
import type { SimulatedWorkload } from './workload.ts';

/** What faults can reach. */
export interface Arena {
  readonly time: VirtualTime;
  readonly cluster: SimulatedCluster;
  readonly backend: SimulatedBackend;
  readonly workload: SimulatedWorkload;
}

export interface SimulatedFault {
  readonly name: string;
  /** What was acknowledged may be lost by it: docs/guarantees.md. */
  readonly loses?: true;
  /** Does it, and undoes it. */
  strike(arena: Arena): Promise<void>;
}

function ofNode(
  name: string,
  role: 'gateways' | 'apis',
  strike: (node: SimulatedNode, time: VirtualTime) => Promise<void>,
): SimulatedFault {
  return {
    name: `${role}: ${name}`,
    async strike({ cluster, time }) {
      const node = time.random.pick(cluster[role]);
      if (node.hasStopped) return;
      time.note('FAULT', `${name} ${node.name}`);
      await strike(node, time);
      time.note('FAULT', `${name} ${node.name} is over`);
    },
  };
}

async function kill(node: SimulatedNode, time: VirtualTime): Promise<void> {
  node.kill();
  await time.pause(time.between(0, 6_000));
  startAgain(node);
}

async function pause(node: SimulatedNode, time: VirtualTime): Promise<void> {
  const { process } = node;
  process.pause();
  await time.pause(time.random.chance(0.5) ? time.between(20, 3_000) : time.between(3_000, 9_000));
  process.wake();
}

async function drain(node: SimulatedNode, time: VirtualTime): Promise<void> {
  const { process } = node;
  node.drain();
  for (let waited = 0; !process.isDead && waited < 30_000; waited += 50) await time.pause(50);
  if (!process.isDead) throw new Error(`${node.name} does not end after it was told to`);
  startAgain(node);
}

/** Unless another fault, which ended it as well, has done that. */
function startAgain(node: SimulatedNode): void {
  if (node.hasStopped) node.start();
}

async function cut(way: Way, time: VirtualTime): Promise<void> {
  way.isCut = true;
  way.cut();
  await time.pause(time.between(50, 5_000));
  way.isCut = false;
}

async function reset(way: Way): Promise<void> {
  way.cut();
}

async function silence(way: Way, time: VirtualTime): Promise<void> {
  const length = time.between(50, 6_000);
  way.silentUntil = time.now() + length;
  await time.pause(length);
}

async function slow(way: Way, time: VirtualTime): Promise<void> {
  way.delay = time.between(20, 400);
  await time.pause(time.between(500, 4_000));
  way.delay = 0;
}

export function ofNodes(
  name: string,
  strike: (node: SimulatedNode, time: VirtualTime) => Promise<void>,
): readonly SimulatedFault[] {
  return [ofNode(name, 'gateways', strike), ofNode(name, 'apis', strike)];
}

/** Of the network between a node and what it needs. */
export function ofWays(to: string, wayOf: (node: SimulatedNode) => Way): readonly SimulatedFault[] {
  const strikes = { 'cuts from': cut, 'resets to': reset, 'silences to': silence, 'slows to': slow };
  return Object.entries(strikes).flatMap(([name, strike]) =>
    ofNodes(`${name} ${to}`, (node, time) => strike(wayOf(node), time)),
  );
}

const redisRestarts: SimulatedFault = {
  name: 'Redis restarts',
  async strike({ cluster: { redis }, time }) {
    time.note('FAULT', 'Redis goes down');
    redis.down();
    await time.pause(time.between(10, 5_000));
    redis.up();
    time.note('FAULT', 'Redis is up');
  },
};

const redisStalls: SimulatedFault = {
  name: 'Redis stands still',
  async strike({ cluster: { redis }, time }) {
    const length = time.between(50, 5_000);
    time.note('FAULT', `Redis stands still for ${length.toFixed()} ms`);
    redis.stalledUntil = time.now() + length;
    await time.pause(length);
  },
};

const redisFailsOver: SimulatedFault = {
  name: 'Redis fails over',
  loses: true,
  async strike({ cluster: { redis }, time }) {
    redis.fallBehind();
    await time.pause(time.between(1, 1_000));
    redis.down();
    await time.pause(time.between(100, 4_000));
    redis.failOver();
    redis.up();
    time.note('FAULT', 'Redis failed over');
  },
};

/** Not among those that seeds choose from: with Redis alone, nothing that is under way survives it. */
export const REDIS_IS_EMPTIED: SimulatedFault = {
  name: 'Redis is emptied',
  async strike({ cluster: { redis }, time }) {
    const restarts = time.random.chance(0.5);
    if (restarts) {
      redis.down();
      await time.pause(time.between(100, 8_000));
    }
    redis.empty();
    if (restarts) redis.up();
    time.note('FAULT', restarts ? 'Redis came back with nothing' : 'Redis was emptied');
  },
};

const clientsReset: SimulatedFault = {
  name: 'connections of clients are reset',
  async strike({ time, workload }) {
    time.note('FAULT', 'connections of clients are reset');
    for (const session of workload.openSessions()) {
      if (time.random.chance(0.5)) for (const line of [...session.lines]) line.reset();
    }
  },
};

const answersLost: SimulatedFault = {
  name: 'answers of the backend are lost',
  async strike({ time, backend }) {
    time.note('FAULT', 'answers of the backend are lost');
    backend.lossy = 0.2;
    await time.pause(time.between(100, 2_000));
    backend.lossy = 0;
  },
};

/** Those of Redis, and of everything else. */
export const FAULTS: readonly SimulatedFault[] = [
  ...ofNodes('kills', kill),
  ...ofNodes('pauses', pause),
  ...ofNodes('drains', drain),
  ...ofWays('Redis', ({ way }) => way),
  redisRestarts,
  redisStalls,
  redisFailsOver,
  clientsReset,
  answersLost,
];
