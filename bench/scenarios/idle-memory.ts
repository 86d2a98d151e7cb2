import { SUBJECT_NAMES } from '../subjects/subject.ts';
import type { Scenario } from './scenario.ts';

/** Held while the baseline is read, so that compiled code and first-use structures are not charged to sessions. */
const WARM_UP = 500;

/** Resident memory of one more websocket session that does nothing. */
export const idleMemory: Scenario = {
  name: 'idle-memory',
  subjects: SUBJECT_NAMES,
  measures: [
    {
      key: 'kilobytes',
      title: 'memory per idle websocket session (RSS)',
      unit: 'KB',
      digits: 2,
      target: { kind: 'at most', figure: 2.2 },
    },
  ],
  async run(bench) {
    const server = await bench.start();
    const load = await bench.load(server);
    await load.open(WARM_UP);
    const before = await server.process.settledRss();
    await load.open(bench.conns);
    const after = await server.process.settledRss();
    return { kilobytes: (after - before) / 1024 / bench.conns };
  },
};
