import { setTimeout as sleep } from 'node:timers/promises';
import { CensusReader } from '../load/census-reader.ts';
import { median } from '../report/results.ts';
import type { Scenario } from './scenario.ts';

const PER_SECOND = 10_000;
const WARM_UP = 3000;
const FRAME = '42["message",{"text":"hello","n":12345}]';
/** Windows with the page open, and as many without. */
const PAIRS = 6;

/**
 * What it costs to look: client events come in as in `client-message`, and in every second window somebody reads the
 * census stream.
 */
export const inspectorOpen: Scenario = {
  name: 'inspector-open',
  subjects: ['holdfast'],
  measures: [
    {
      key: 'core',
      title: 'census stream open under load, share of a core',
      unit: '%',
      digits: 2,
      target: { kind: 'at most', figure: 3 },
    },
    { key: 'gap', title: 'the same: longest time between two updates', unit: 'ms', digits: 0, target: null },
    { key: 'delay', title: 'the same: event loop delay p99', unit: 'ms', digits: 1, target: null },
    { key: 'without', title: 'the same while nobody looks', unit: 'ms', digits: 1, target: null },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    await load.open(bench.conns);
    load.send(PER_SECOND, FRAME);
    await sleep(WARM_UP);
    const windowMs = (bench.seconds * 1000) / 2;
    const shares: number[] = [];
    const delays: { open: number[]; closed: number[] } = { open: [], closed: [] };
    let gap = 0;
    /** CPU by message, µs: how many come into a window differs more than what is looked for. */
    const window = async () => {
      await server.process.watchLoop();
      const before = (await load.report()).sent;
      const used = await bench.cpuDuring(server, () => sleep(windowMs));
      const sent = (await load.report()).sent - before;
      return { perMessage: used / sent, delay: (await server.process.loopDelay()).p99 };
    };
    for (let pair = 0; pair < PAIRS; pair++) {
      const closed = await window();
      const reader = await CensusReader.open(server.adminPort!);
      await sleep(1000);
      reader.reset();
      const open = await window();
      gap = Math.max(gap, reader.longestGap);
      reader.close();
      await sleep(1000);
      // µs a second, of a million.
      shares.push(((open.perMessage - closed.perMessage) * PER_SECOND) / 10_000);
      delays.open.push(open.delay);
      delays.closed.push(closed.delay);
    }
    bench.say(`shares of a core by pair: ${shares.map((share) => share.toFixed(2)).join(', ')} %`);
    return { core: middle(shares), gap, delay: middle(delays.open), without: middle(delays.closed) };
  },
};

function middle(figures: readonly number[]): number {
  return median([...figures].sort((a, b) => a - b));
}
