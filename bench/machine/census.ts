// One census of many connections, without any socket: what counting costs when the page is open. Prints the share of a
// core, in percent, that it takes twice a second, as one line of JSON.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Client } from '../../spec/gateway/client.ts';
import { World } from '../../spec/gateway/world.ts';
import { CensusTaker } from '../../src/runtime/inspect/census-taker.ts';
import type { CensusFilter } from '../../src/runtime/ports/census.ts';

const CONNECTIONS = Number(process.argv[2] ?? 50_000);
const SECONDS = Number(process.argv[3] ?? 5);
/** As `census-office.ts` has it, ms. */
const PERIOD = 450;

const world = new World({ settings: { 'socketio.namespaces': '/,/chat' } });
for (let at = 0; at < CONNECTIONS; at++) {
  const transport = at % 10 === 0 ? 'polling' : 'websocket';
  new Client(world, { transport, polls: false, answersPings: false }).join(at % 4 === 0 ? '/chat' : '/');
  if (at % 1_000 === 0) world.advance(50);
}
// Every clock but the walk's stands still; that one has no pauses, which cost nothing.
const clock = Object.assign(Object.create(world.clock), {
  after: (_ms: number, callback: () => void) => setImmediate(callback),
});
const taker = new CensusTaker(world.gateway, clock);
taker.readMeters();

/** Percent of a core. */
async function share(filter: CensusFilter | null): Promise<number> {
  const count = async () => {
    taker.readMeters();
    const counted = filter === null ? taker.everyone() : await taker.matching(filter);
    const expected = filter === null ? CONNECTIONS : CONNECTIONS / 4;
    if (counted.total < expected) throw new Error(`${counted.total} of ${CONNECTIONS} were counted`);
    return JSON.stringify(counted).length;
  };
  for (let round = 0; round < 20; round++) await count();
  const before = process.cpuUsage();
  const until = performance.now() + SECONDS * 1000;
  let rounds = 0;
  for (; performance.now() < until; rounds++) {
    await count();
    await nextTurn();
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / rounds / PERIOD) * 100;
}

console.log(
  JSON.stringify({
    whole: await share(null),
    transport: await share({ transport: 'websocket' }),
    namespace: await share({ namespace: '/chat' }),
  }),
);
process.exit(0);
