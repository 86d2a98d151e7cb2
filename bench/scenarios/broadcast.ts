import { SUBJECT_NAMES } from '../subjects/subject.ts';
import { onceASecond, stampedEvent } from './broadcasting.ts';
import type { Scenario } from './scenario.ts';

const BYTES = 600;
const WARM_UP = 3;

/** One event a second to everyone. */
export const broadcast: Scenario = {
  name: 'broadcast',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'cpu',
      title: 'per message of a broadcast to all, 600 bytes, one a second',
      unit: 'µs',
      digits: 2,
      target: { kind: 'times the floor', factor: 1.1 },
    },
    { key: 'p99', title: 'the same: delivery time p99', unit: 'ms', digits: 0, target: null },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    await load.open(bench.conns);
    const order = () => ({ ...stampedEvent(BYTES), times: 1, ack: false });
    await onceASecond(server, load, WARM_UP, order, WARM_UP * bench.conns);
    await load.reset();
    const messages = bench.seconds * bench.conns;
    const cpu = await bench.cpuDuring(server, () =>
      onceASecond(server, load, bench.seconds, order, messages),
    );
    return { cpu: cpu / messages, p99: (await load.report()).deliveryP99 };
  },
};
