import { setTimeout as sleep } from 'node:timers/promises';
import { SUBJECT_NAMES } from '../subjects/subject.ts';
import type { Scenario } from './scenario.ts';

const WARM_WAVES = 4;
/** What a server still does for a connection after it answered CONNECT belongs to the price. */
const AFTERMATH = 500;

/** CPU from the TCP connection to CONNECT answered, in a fresh process and in one that has seen many. */
export const connect: Scenario = {
  name: 'connect',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'cold',
      title: 'per connect (TCP to CONNECT answered), fresh process',
      unit: 'µs',
      digits: 1,
      target: { kind: 'times the floor', factor: 1.5 },
    },
    {
      key: 'warm',
      title: 'per connect, warm process',
      unit: 'µs',
      digits: 1,
      target: { kind: 'times the floor', factor: 1.5 },
    },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    const wave = async (): Promise<void> => {
      await load.open(bench.conns);
      await sleep(AFTERMATH);
    };
    const cold = await bench.cpuDuring(server, wave);
    let warm = 0;
    for (let i = 0; i < WARM_WAVES; i++) {
      await load.closeAll();
      await server.process.quiet();
      warm += await bench.cpuDuring(server, wave);
    }
    return { cold: cold / bench.conns, warm: warm / bench.conns / WARM_WAVES };
  },
};
