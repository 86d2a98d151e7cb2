import { SUBJECT_NAMES } from '../subjects/subject.ts';
import { onceASecond, stampedEvent } from './broadcasting.ts';
import type { Scenario } from './scenario.ts';

const BYTES = 600;
const BURST = 10;
const WARM_UP = 3;

/** Ten events to everyone in one tick, once a second: what leaves together should leave in one write. */
export const broadcastBurst: Scenario = {
  name: 'broadcast-burst',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'cpu',
      title: 'the same, ten messages in one tick',
      unit: 'µs',
      digits: 2,
      target: { kind: 'times the floor', factor: 1.2 },
    },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    await load.open(bench.conns);
    const order = () => ({ ...stampedEvent(BYTES), times: BURST, ack: false });
    await onceASecond(server, load, WARM_UP, order, WARM_UP * BURST * bench.conns);
    await load.reset();
    const messages = bench.seconds * BURST * bench.conns;
    const cpu = await bench.cpuDuring(server, () =>
      onceASecond(server, load, bench.seconds, order, messages),
    );
    return { cpu: cpu / messages };
  },
};
