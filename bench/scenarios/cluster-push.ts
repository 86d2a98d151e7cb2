import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadRequests } from '../load/request-load.ts';
import { scratchFolder } from '../server-process.ts';
import { USERS } from '../subjects/cluster.ts';
import { CLUSTER_SUBJECTS } from '../subjects/subject.ts';
import type { Scenario } from './scenario.ts';

const CONNECTIONS_PER_USER = 10;
const IN_FLIGHT = 600;
const WARM_UP = 3;
const PATH = '/holdfast.v1.PushService/Emit';

/** `Emit` in JSON to users of ten connections each, 600 requests at once, by an API node to a gateway. */
export const clusterPush: Scenario = {
  name: 'cluster-push',
  subjects: CLUSTER_SUBJECTS,
  measures: [
    {
      key: 'each',
      title: 'time per push to a user of 10 connections, 600 at once (1,600/s are 625)',
      unit: 'µs',
      digits: 0,
      target: { kind: 'at most', figure: 625 },
    },
    { key: 'p99', title: 'the same: answered within, p99', unit: 'ms', digits: 1, target: null },
    { key: 'api', title: 'CPU of the API per push', unit: 'µs', digits: 0, target: null },
    { key: 'gateway', title: 'CPU of the gateway per push', unit: 'µs', digits: 0, target: null },
  ],
  async run(bench) {
    const server = await bench.start();
    const { cluster, pushPort: port } = server;
    if (cluster === null || port === null) throw new Error('a cluster is needed');
    const load = await bench.load(server);
    await load.open(USERS * CONNECTIONS_PER_USER);
    const folder = await scratchFolder();
    try {
      const bodies = join(folder, 'bodies');
      await writeFile(bodies, Array.from({ length: USERS }, (_, user) => emit(`user ${user}`)).join('\n'));
      const plan = { port, path: PATH, bodies, inFlight: IN_FLIGHT };
      await loadRequests({ ...plan, seconds: WARM_UP });
      await load.reset();
      const apiBefore = await cluster.api.cpu();
      let answered = 0;
      let p99 = 0;
      let seconds = 0;
      const gateway = await bench.cpuDuring(server, async () => {
        ({ answered, p99, seconds } = await loadRequests({ ...plan, seconds: bench.seconds }));
      });
      const apiAfter = await cluster.api.cpu();
      const { messages } = await load.report();
      if (messages < 0.95 * answered * CONNECTIONS_PER_USER)
        throw new Error(`${messages} messages arrived of ${answered} pushes to ${CONNECTIONS_PER_USER} each`);
      bench.say(`${Math.round(answered / seconds)} pushes/s, ${Math.round(messages / seconds)} messages/s`);
      return {
        each: (seconds * 1e6) / answered,
        p99,
        api: (apiAfter.user + apiAfter.system - apiBefore.user - apiBefore.system) / answered,
        gateway: gateway / answered,
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function emit(user: string): string {
  return JSON.stringify({ to: { users: [user] }, event: 'message', args: [{ text: 'hello', n: 12345 }] });
}
