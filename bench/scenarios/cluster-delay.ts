import { setTimeout as sleep } from 'node:timers/promises';
import { STAGES, type Stage } from '../../src/runtime/trail.ts';
import { CLUSTER_SUBJECTS } from '../subjects/subject.ts';
import type { Measure, Scenario } from './scenario.ts';

const CONNECTIONS = 300;
const PER_SECOND = 3_000;
/** The broker compiles itself meanwhile. */
const WARM_UP = 30_000;
const FRAME = '42["message",{"at":@now@,"text":"hello"}]';

const SAID: Readonly<Record<Stage, string>> = {
  gateway: 'received from the client, waits for its batch',
  log: 'handed to the log, waits for the API',
  api: 'consumed, waits for its turn at the backend',
  backend: 'asked of the backend',
  dispatch: 'answered, receivers are looked up',
  mailbox: 'posted, waits for the gateway',
  delivery: 'read, waits to be written to the client',
};

/** Client → gateway → log → API → backend → API → mailbox → gateway → client, 3,000 messages a second. */
export const clusterDelay: Scenario = {
  name: 'cluster-delay',
  subjects: CLUSTER_SUBJECTS,
  measures: [
    {
      key: 'p50',
      title: 'message to the backend and back, 3,000/s, p50',
      unit: 'ms',
      digits: 1,
      target: { kind: 'at most', figure: 8 },
    },
    { key: 'p99', title: 'the same, p99', unit: 'ms', digits: 1, target: { kind: 'at most', figure: 30 } },
    ...STAGES.map(
      (stage): Measure => ({
        key: `in ${stage}`,
        title: `of that: ${SAID[stage]}, mean`,
        unit: 'ms',
        digits: 2,
        target: null,
      }),
    ),
    {
      key: 'gateway',
      title: 'CPU of the gateway per message, there and back',
      unit: 'µs',
      digits: 1,
      target: null,
    },
    { key: 'api', title: 'CPU of the API per message, there and back', unit: 'µs', digits: 1, target: null },
  ],
  async run(bench) {
    const server = await bench.start();
    const { cluster } = server;
    if (cluster === null) throw new Error('a cluster is needed');
    const load = await bench.load(server);
    await load.open(CONNECTIONS);
    load.send(PER_SECOND, FRAME);
    await sleep(WARM_UP);
    await load.reset();
    const stages = await cluster.stageDelays();
    const apiBefore = await cluster.api.cpu();
    const gateway = await bench.cpuDuring(server, () => sleep(bench.seconds * 1000));
    const apiAfter = await cluster.api.cpu();
    const report = await load.report();
    const delays = await stages();
    load.send(0, '');
    if (report.messages < 0.97 * report.sent)
      throw new Error(`${report.messages} of ${report.sent} messages came back`);
    bench.say(`${Math.round(report.messages / bench.seconds)} messages/s came back`);
    const api = apiAfter.user + apiAfter.system - apiBefore.user - apiBefore.system;
    return {
      p50: report.deliveryP50,
      p99: report.deliveryP99,
      ...delays,
      gateway: gateway / report.messages,
      api: api / report.messages,
    };
  },
};
