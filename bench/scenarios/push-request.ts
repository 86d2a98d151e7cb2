import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadRequests } from '../load/request-load.ts';
import { scratchFolder } from '../server-process.ts';
import type { Scenario } from './scenario.ts';

const RECEIVERS = 10;
const CROWD = 1000;
const IN_FLIGHT = 64;
const WARM_UP = 3;
const PATH = '/holdfast.v1.PushService/Emit';

/** `Emit` in JSON to ten sockets over keep-alive connections, 64 at once. Absolute: the peers have no push API. */
export const pushRequest: Scenario = {
  name: 'push-request',
  subjects: ['holdfast'],
  measures: [
    {
      key: 'cpu',
      title: 'per push request (JSON Emit to 10 sockets, keep-alive, 64 at once)',
      unit: 'µs',
      digits: 1,
      target: { kind: 'at most', figure: 25 },
    },
    { key: 'p99', title: 'the same: answered within, p99', unit: 'ms', digits: 1, target: null },
    {
      key: 'scattered',
      title: `the same, each to another 10 of ${CROWD} sockets`,
      unit: 'µs',
      digits: 1,
      target: null,
    },
  ],
  async run(bench) {
    const server = await bench.start();
    if (server.pushPort === null) throw new Error('a push API is needed');
    const port = server.pushPort;
    const load = await bench.load(server);
    await load.open(CROWD);
    const ids = await load.ids();
    const folder = await scratchFolder();
    try {
      const measure = async (name: string, bodies: string[]) => {
        const file = join(folder, name);
        await writeFile(file, bodies.join('\n'));
        const plan = { port, path: PATH, bodies: file, inFlight: IN_FLIGHT };
        await loadRequests({ ...plan, seconds: WARM_UP });
        let answered = 0;
        let p99 = 0;
        const cpu = await bench.cpuDuring(server, async () => {
          const report = await loadRequests({ ...plan, seconds: bench.seconds });
          answered = report.answered;
          p99 = report.p99;
          bench.say(`${report.perSecond} requests/s`);
        });
        return { cpu: cpu / answered, p99 };
      };
      const same = await measure('same', [emit(ids.slice(0, RECEIVERS))]);
      const scattered = await measure(
        'scattered',
        Array.from({ length: CROWD }, (_, i) =>
          emit(Array.from({ length: RECEIVERS }, (_, k) => pick(ids, i, k))),
        ),
      );
      return { cpu: same.cpu, p99: same.p99, scattered: scattered.cpu };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function emit(sockets: readonly string[]): string {
  return JSON.stringify({ to: { sockets }, event: 'message', args: [{ text: 'hello', n: 12345 }] });
}

/** Spreads the requests over all sockets without two equal ones in a request. */
function pick(ids: readonly string[], request: number, k: number): string {
  return ids[(request * 7 + k * 101) % ids.length]!;
}
