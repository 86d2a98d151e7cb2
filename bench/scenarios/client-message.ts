import { setTimeout as sleep } from 'node:timers/promises';
import { SUBJECT_NAMES } from '../subjects/subject.ts';
import type { Scenario } from './scenario.ts';

const PER_SECOND = 10_000;
const WARM_UP = 3000;
const FRAME = '42["message",{"text":"hello","n":12345}]';

/** Client events coming in, evenly over the connections, 10,000 a second in all. */
export const clientMessage: Scenario = {
  name: 'client-message',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'cpu',
      title: 'per client message, routed and put on the bus',
      unit: 'µs',
      digits: 2,
      target: { kind: 'times the floor', factor: 1.25 },
    },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    await load.open(bench.conns);
    load.send(PER_SECOND, FRAME);
    await sleep(WARM_UP);
    await load.reset();
    const before = (await load.report()).sent;
    const cpu = await bench.cpuDuring(server, () => sleep(bench.seconds * 1000));
    const sent = (await load.report()).sent - before;
    load.send(0, '');
    await sleep(1000);
    const received = await server.received();
    if (received < sent) throw new Error(`${received} of at least ${sent} client messages were counted`);
    return { cpu: cpu / sent };
  },
};
