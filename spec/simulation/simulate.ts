import { History } from '../support/history/history.ts';
import { describeViolations, type Violation } from '../support/history/violation.ts';
import { FAULTS, type SimulatedFault } from './faults.ts';
import { InletPusher } from './inlet-pusher.ts';
import { KAFKA_FAULTS } from './kafka-faults.ts';
import type { Projector } from './projector.ts';
import type { Safeguard } from './safeguards.ts';
import { BACKEND, SimulatedBackend } from './simulated-backend.ts';
import { type SimulatedBus, SimulatedCluster } from './simulated-cluster.ts';
import { VirtualTime } from './virtual-time.ts';
import { SimulatedWorkload } from './workload.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** By the seed unless given: even ones have Kafka. */
  readonly bus?: SimulatedBus;
  /** Taken away, to see that it is missed. */
  readonly without?: Safeguard;
  /** Which may strike; all unless given. */
  readonly faults?: readonly SimulatedFault[];
  /** Films the connections; nobody does unless told, because it takes time and a seed can be run again. */
  readonly projector?: Projector;
}

export interface Verdict {
  readonly seed: number;
  readonly bus: SimulatedBus;
  /** What is wrong, for people; empty when every promise was kept. */
  readonly found: string;
  readonly violations: readonly Violation[];
  readonly film: readonly string[];
  readonly summary: string;
  /** With which it can be run again. */
  readonly options: SimulationOptions;
  /** Public ids of the connections that violations are about. */
  readonly suspects: readonly string[];
}

const BEGIN_WITHIN = 20_000;
const HEAL_WITHIN = 60_000;
const CALM = 3_000;
const SETTLE_WITHIN = 45_000;

export function busOf(seed: number): SimulatedBus {
  return seed % 2 === 0 ? 'kafka' : 'redis';
}

/** One cluster's life from a seed: traffic under faults, then calm, then judgement. */
export async function simulate(options: SimulationOptions): Promise<Verdict> {
  const { seed, without, bus = busOf(seed), faults = bus === 'kafka' ? KAFKA_FAULTS : FAULTS } = options;
  const putBack = without?.remove();
  try {
    return await live(options, seed, bus, faults);
  } finally {
    putBack?.();
  }
}

async function live(
  options: SimulationOptions,
  seed: number,
  bus: SimulatedBus,
  faults: readonly SimulatedFault[],
): Promise<Verdict> {
  const time = new VirtualTime(seed);
  const { random } = time;
  const history = new History();
  const backend = new SimulatedBackend(time, history);
  const size = { gateways: 2 + random.below(2), apis: 1 + random.below(2) };
  const cluster = new SimulatedCluster(time, backend, size, bus, options.projector);
  const { balance, apis, joinedAt } = cluster;
  // Who came while Redis was away is found when it is back: docs/guarantees.md.
  const knownAfter = faults.length === 0 ? 1_000 : 8_000;
  const inlet = cluster.kafka === null ? null : new InletPusher(time, history, cluster.kafka);
  const workload = new SimulatedWorkload({
    time,
    history,
    backend,
    balance,
    apis,
    clients: 4 + random.below(5),
    pushers: 1 + random.below(2),
    knownAfter,
    inlet,
    joinedAt,
    mayLoseNodes: faults.length > 0,
  });
  const struck: string[] = [];
  const trouble: string[] = [];
  let loses = false;

  cluster.start();
  await time.run(BEGIN_WITHIN, () => cluster.isReady);
  if (!cluster.isReady) trouble.push('the cluster does not become ready');
  workload.start();
  await time.run(2_000);
  const rounds = faults.length === 0 ? 0 : 1 + random.below(3);
  for (let round = 0; round < rounds; round++) {
    const fault = random.pick(faults);
    struck.push(fault.name);
    loses = loses || fault.loses === true;
    let isOver = false;
    fault.strike({ time, cluster, backend, workload }).then(
      () => {
        isOver = true;
      },
      (error: unknown) => {
        isOver = true;
        trouble.push(String(error));
      },
    );
    // The next one may strike before this one is over.
    const patience = random.chance(0.3) ? time.between(100, 2_000) : HEAL_WITHIN;
    await time.run(patience, () => isOver);
    await time.run(time.between(100, 2_000));
  }
  await time.run(HEAL_WITHIN, () => cluster.isReady && workload.current.every((one) => one?.isOpen === true));
  if (!cluster.isReady) trouble.push('the cluster does not heal');
  await time.run(CALM);

  workload.isRunning = false;
  const isAnswered = () => workload.openSessions().every(({ unanswered }) => unanswered.size === 0);
  await time.run(SETTLE_WITHIN, () => isAnswered() && workload.isQuiet);
  await time.run(1_500);
  for (const session of workload.openSessions()) session.claim();
  history.settled();
  time.note('JUDGE', 'everything promised so far must have arrived');
  for (const session of workload.current) session?.disconnect();
  const heard = () => workload.sessions.filter(({ name }) => backend.sockets.has(name));
  await time.run(SETTLE_WITHIN, () => heard().every(({ name }) => backend.ends.has(name)));
  await time.run(500);
  for (const { name } of heard()) history.accepted(`end ${name}`);
  // Records come at least once, letters at most once.
  const promises = { mayRepeat: (_stream: string, receiver: string) => receiver === BACKEND };
  const mayRepeat = (id: string) =>
    workload.inDoubt.has(id) || (backend.echoes.get(id) ?? 0) > 1 || inlet?.ids.has(id) === true;
  const isGivenUp = (id: string) => inlet?.ids.has(id) === true && inlet.wasBuried(id);
  const hasMoved = (name: string) =>
    workload.sessions.some((one) => one.name === name && one.movedAt !== null);
  const isExcused = ({ kind, id, receiver }: Violation) =>
    (kind === 'missing' && (loses || isGivenUp(id))) ||
    (kind === 'doubled' && mayRepeat(id)) ||
    // What the old home passed on may be lost as well, and waits at the new one until that is told that nothing comes.
    (kind === 'reordered' && loses && hasMoved(receiver));
  const violations = history.check(promises).filter((one) => !isExcused(one));
  const found = [...trouble, ...(violations.length === 0 ? [] : [describeViolations(violations)])].join('\n');
  for (const node of cluster.nodes) node.kill();
  return {
    seed,
    bus,
    found,
    violations,
    film: time.film,
    options,
    suspects: suspectsOf(violations, backend),
    summary: `${bus}, ${size.gateways} gateways, ${size.apis} APIs, ${workload.sessions.length} sessions, ${struck.join('; ') || 'no fault'}`,
  };
}

/** Sessions go by their names in a history; each has one socket, which bears the id of its connection. */
function suspectsOf(violations: readonly Violation[], backend: SimulatedBackend): string[] {
  const names = violations.flatMap(({ receiver, stream, id }) => [receiver, stream, id.split(' ')[0]!]);
  return [...new Set(names)].flatMap((name) => backend.sockets.get(name) ?? []);
}
