import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketLoad } from '../load/socket-load.ts';
import { bareBuild } from '../servers/bare-build.ts';
import type { Server } from '../subjects/subject.ts';
import type { Bench, Scenario } from './scenario.ts';

const PER_SECOND = 10_000;
const WARM_UP = 3000;
const FRAME = '42["message",{"text":"hello","n":12345}]';
/** Windows of each build. */
const PAIRS = 16;

interface Side {
  readonly server: Server;
  readonly load: SocketLoad;
}

/**
 * What the inspector costs while nobody looks: CPU per client message against a build whose hooks were taken out. Both
 * servers run all the while and take turns, so that a slow minute hits both.
 */
export const inspectorIdle: Scenario = {
  name: 'inspector-idle',
  subjects: ['holdfast'],
  measures: [
    {
      key: 'extra',
      title: "inspector's hooks while nobody looks, of the CPU per client message",
      unit: '%',
      digits: 2,
      target: { kind: 'at most', figure: 1 },
    },
    { key: 'with', title: 'per client message, with the hooks', unit: 'µs', digits: 2, target: null },
    { key: 'without', title: 'the same without', unit: 'µs', digits: 2, target: null },
  ],
  async run(bench) {
    const program = bareBuild();
    const sides = [await side(bench), await side(bench, program)] as const;
    const figures: [number[], number[]] = [[], []];
    for (let pair = 0; pair < PAIRS; pair++) {
      // The one that goes first is warmer, or colder: they take turns in that, too.
      for (const at of pair % 2 === 0 ? [0, 1] : [1, 0]) {
        figures[at]!.push(await perMessage(bench, sides[at]!));
      }
    }
    const [hooked, bare] = [quietest(figures[0]), quietest(figures[1])];
    for (const [at, name] of ['with', 'without'].entries()) {
      bench.say(`${name}: ${figures[at]!.map((figure) => figure.toFixed(2)).join(', ')} µs`);
    }
    return { extra: (hooked / bare - 1) * 100, with: hooked, without: bare };
  },
};

async function side(bench: Bench, program?: string): Promise<Side> {
  const server = await bench.start(program === undefined ? {} : { program });
  const load = await bench.load(server);
  await load.open(Math.round(bench.conns / 2));
  load.send(PER_SECOND, FRAME);
  await sleep(WARM_UP);
  load.send(0, '');
  return { server, load };
}

async function perMessage(bench: Bench, { server, load }: Side): Promise<number> {
  load.send(PER_SECOND, FRAME);
  await sleep(500);
  await load.reset();
  const before = (await load.report()).sent;
  const cpu = await bench.cpuDuring(server, () => sleep(bench.seconds * 300));
  const sent = (await load.report()).sent - before;
  load.send(0, '');
  await sleep(500);
  return cpu / sent;
}

/** What else the machine does only ever adds, so the lower quartile tells most. */
function quietest(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 4)]!;
}
