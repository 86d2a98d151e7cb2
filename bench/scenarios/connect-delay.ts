import { SUBJECT_NAMES } from '../subjects/subject.ts';
import type { Scenario } from './scenario.ts';

/** Half as many again as the other scenarios hold: 15,000 of 10,000. */
const SHARE = 1.5;

/** How late the event loop runs while clients storm in, 200 on their way at a time. */
export const connectDelay: Scenario = {
  name: 'connect-delay',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'p99',
      title: 'event loop delay p99 while 15,000 clients connect',
      unit: 'ms',
      digits: 1,
      target: { kind: 'at most', figure: 20 },
    },
    { key: 'max', title: 'the same: longest', unit: 'ms', digits: 1, target: null },
    { key: 'own', title: "the same: p99 by the server's own metrics", unit: 'ms', digits: 1, target: null },
    { key: 'connect', title: 'the same: time to CONNECT answered, p99', unit: 'ms', digits: 1, target: null },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    await server.process.watchLoop();
    const opened = await load.open(Math.round(bench.conns * SHARE));
    const delay = await server.process.loopDelay();
    const own = await server.ownLoopDelayP99();
    bench.say(`${Math.round(opened.up / opened.seconds)} connects/s`);
    return {
      p99: delay.p99,
      max: delay.max,
      connect: opened.connectP99,
      ...(own === null ? {} : { own: own * 1000 }),
    };
  },
};
