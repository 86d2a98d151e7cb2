import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../subjects/subject.ts';
import { SUBJECT_NAMES } from '../subjects/subject.ts';
import { arrived, stampedEvent } from './broadcasting.ts';
import type { Scenario } from './scenario.ts';

const STOPPED = 100;
const NEIGHBOURS = 10;
const MESSAGES = 3000;
const BYTES = 6000;
const BATCH = 10;
const PAUSE = 25;
/** Longer than `slowConsumer.maxDelay`, after which a server has decided about whoever does not read. */
const DECISION = 12_000;
const CATCH_UP = 5000;
/** 100 times `slowConsumer.maxBytes`, times 1.2, in MB. */
const BOUND = 120;

/** A hundred clients that read nothing while 18 MB go to each; ten neighbours that read everything. */
export const stoppedReaders: Scenario = {
  name: 'stopped-readers',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'growth',
      title: 'stopped readers (100 clients, 3,000 × 6 KB each): RSS growth at its peak',
      unit: 'MB',
      digits: 0,
      target: { kind: 'at most', figure: BOUND },
    },
    {
      key: 'open',
      title: 'stopped readers: left open with messages missing',
      unit: 'clients',
      digits: 0,
      target: { kind: 'at most', figure: 0 },
    },
    {
      key: 'silent',
      title: 'stopped readers: messages missing that nobody was told of',
      unit: '',
      digits: 0,
      target: { kind: 'at most', figure: 0 },
    },
    {
      key: 'neighbours',
      title: "stopped readers: the neighbours' delivery p99",
      unit: 'ms',
      digits: 0,
      target: null,
    },
  ],
  async run(bench) {
    const server = await bench.start();
    const neighbours = await bench.load(server);
    await neighbours.open(NEIGHBOURS);
    const readers = await bench.load(server);
    await readers.open(STOPPED);
    const before = await server.process.settledRss();
    await readers.stopReading();
    const watch = watchRss(server);
    for (let sent = 0; sent < MESSAGES; sent += BATCH) {
      await server.emit({ ...stampedEvent(BYTES), times: BATCH, ack: false });
      await sleep(PAUSE);
    }
    await arrived(neighbours, MESSAGES * NEIGHBOURS);
    await sleep(DECISION);
    const peak = await watch.stop();
    const losses = await server.losses();
    await readers.resumeReading();
    await sleep(CATCH_UP);
    const seen = await readers.report();
    const missing = seen.up * MESSAGES - seen.messagesOfConnected;
    bench.say(
      `${STOPPED - seen.up} closed (${seen.closeCode} "${seen.closeReason}"), ${seen.up} open, ${missing} messages missing there` +
        (losses ? `; the server says: ${losses.closedAsSlow} slow consumers, ${losses.dropped} dropped` : ''),
    );
    return {
      growth: (peak - before) / 1e6,
      open: missing > 0 ? seen.up : 0,
      silent: Math.max(0, missing - (losses?.dropped ?? 0)),
      neighbours: (await neighbours.report()).deliveryP99,
    };
  },
};

function watchRss(server: Server): { stop(): Promise<number> } {
  let peak = 0;
  let watching = true;
  const watched = (async () => {
    while (watching) {
      peak = Math.max(peak, await server.process.rss());
      await sleep(100);
    }
  })();
  return {
    async stop() {
      watching = false;
      await watched;
      return peak;
    },
  };
}
