import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from './scenario.ts';

const CONNECTIONS = 500;
const OFFERED = 30_000;
const WARM_UP = 4_000;
const FRAME = '42["message",{"text":"hello","n":12345}]';

/** As many client messages as one gateway brings into Kafka, while nobody reads them. */
export const clusterUpstream: Scenario = {
  name: 'cluster-upstream',
  subjects: ['cluster-kafka'],
  measures: [
    {
      key: 'each',
      title: 'time per client message, into Kafka by one gateway (20,000/s are 50)',
      unit: 'µs',
      digits: 1,
      target: { kind: 'at most', figure: 50 },
    },
    { key: 'cpu', title: 'CPU of the gateway for it', unit: 'µs', digits: 1, target: null },
  ],
  async run(bench) {
    const server = await bench.start();
    const inLog = server.cluster?.inLog;
    if (server.cluster === null || !inLog) throw new Error('a cluster with Kafka is needed');
    const load = await bench.load(server);
    await load.open(CONNECTIONS);
    await server.cluster.api.stop();
    load.send(OFFERED, FRAME);
    await sleep(WARM_UP);
    const before = await inLog();
    const start = performance.now();
    const cpu = await bench.cpuDuring(server, () => sleep(bench.seconds * 1000));
    const records = (await inLog()) - before;
    const seconds = (performance.now() - start) / 1000;
    load.send(0, '');
    bench.say(`${Math.round(records / seconds)} records/s`);
    return { each: (seconds * 1e6) / records, cpu: cpu / records };
  },
};
