import { SUBJECT_NAMES } from '../subjects/subject.ts';
import { onceASecond, stampedEvent } from './broadcasting.ts';
import type { Scenario } from './scenario.ts';

const BYTES = 600;
const WARM_UP = 3;

/** One event a second to everyone, and an acknowledgement of each client counted before the order is answered. */
export const broadcastAck: Scenario = {
  name: 'broadcast-ack',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'cpu',
      title: "per broadcast message with the client's ack gathered",
      unit: 'µs',
      digits: 2,
      target: { kind: 'times the floor', factor: 1.3 },
    },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    await load.open(bench.conns);
    const checked = {
      ...server,
      async emit(order: Parameters<typeof server.emit>[0]) {
        const answer = await server.emit(order);
        if (answer.acked !== bench.conns)
          throw new Error(`${answer.acked} of ${bench.conns} clients acknowledged`);
        return answer;
      },
    };
    const order = () => ({ ...stampedEvent(BYTES), times: 1, ack: true });
    await onceASecond(checked, load, WARM_UP, order, WARM_UP * bench.conns);
    await load.reset();
    const messages = bench.seconds * bench.conns;
    const cpu = await bench.cpuDuring(server, () =>
      onceASecond(checked, load, bench.seconds, order, messages),
    );
    return { cpu: cpu / messages };
  },
};
