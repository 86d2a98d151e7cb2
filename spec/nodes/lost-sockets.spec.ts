import { describe, expect, it } from 'vitest';
import { untilLost } from '../../src/runtime/cluster/lost-sockets.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { connectRecord, disconnectRecord, messageRecord } from '../backend/records.ts';

describe('records of a socket whose node was given up for dead', () => {
  const heard: UpstreamRecord[] = [];
  let settled = 0;
  let dropped = 0;
  const hear = untilLost(
    (record, settle) => {
      heard.push(record);
      settle();
    },
    () => dropped++,
  );
  const come = (...records: UpstreamRecord[]) => {
    for (const record of records) hear(record, () => settled++);
  };

  it('are heard until its farewell, which may come twice; what was written behind it is dropped', () => {
    const farewell = { ...disconnectRecord(), reason: 'node lost' };
    const before = [connectRecord(), messageRecord('[]'), farewell, farewell];
    come(...before, messageRecord('[]'));
    expect(heard).toEqual(before);
    expect([settled, dropped]).toEqual([5, 1]);
  });

  it('do not keep those of others back, nor of a socket that ended otherwise', () => {
    heard.length = 0;
    const others = [
      messageRecord('[]', { id: '1' }),
      disconnectRecord({ id: '2' }),
      messageRecord('[]', { id: '2' }),
    ];
    come(...others);
    expect(heard).toEqual(others);
  });
});
