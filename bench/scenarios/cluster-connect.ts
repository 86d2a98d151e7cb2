import { setTimeout as sleep } from 'node:timers/promises';
import { CLUSTER_SUBJECTS } from '../subjects/subject.ts';
import type { Scenario } from './scenario.ts';

const ALONE = 200;
const CROWD = 5_000;
const WARM_UP = 100;
/** What is still written after CONNECT was answered. */
const AFTERMATH = 1_000;
/** How long is counted what the node asks Redis anyway. */
const QUIET = 5_000;

/** Round trips to Redis that a connect costs a gateway: one client after the other, and 200 on their way at a time. */
export const clusterConnect: Scenario = {
  name: 'cluster-connect',
  subjects: CLUSTER_SUBJECTS,
  measures: [
    {
      key: 'alone',
      title: 'round trips to Redis per connect, one client at a time',
      unit: '',
      digits: 2,
      target: { kind: 'at most', figure: 3 },
    },
    {
      key: 'crowd',
      title: 'the same, 200 clients on their way at a time',
      unit: '',
      digits: 3,
      target: { kind: 'at most', figure: 3 },
    },
  ],
  async run(bench) {
    const server = await bench.start({ countTrips: true });
    const trips = server.cluster?.redisTrips;
    if (server.cluster === null || !trips) throw new Error('a cluster is needed');
    // Letters and records of the log are no part of it.
    await server.cluster.api.stop();
    const load = await bench.load(server);
    await load.open(WARM_UP);
    await sleep(AFTERMATH);
    const before = trips();
    await sleep(QUIET);
    const anyway = (trips() - before) / QUIET;
    const counted = async (clients: number, inFlight: number) => {
      const start = { at: performance.now(), trips: trips() };
      await load.open(clients, inFlight);
      await sleep(AFTERMATH);
      const quiet = anyway * (performance.now() - start.at);
      return Math.max(0, trips() - start.trips - quiet) / clients;
    };
    return { alone: await counted(ALONE, 1), crowd: await counted(CROWD, 200) };
  },
};
