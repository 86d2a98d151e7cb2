import { beforeEach, describe, expect, it } from 'vitest';
import { untilLost } from '../../src/runtime/cluster/lost-sockets.ts';
import type { Standing, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { connectRecord, disconnectRecord, messageRecord } from '../backend/records.ts';

describe('records of a socket whose node was given up for dead', () => {
  const heard: UpstreamRecord[] = [];
  let settled = 0;
  let dropped = 0;
  let isBusy = false;
  let standing: Standing = 'ours';
  const hear = untilLost(
    (record, settle) => {
      heard.push(record);
      if (!isBusy) settle();
    },
    () => dropped++,
  );
  const come = (...records: UpstreamRecord[]) => {
    for (const record of records) {
      hear(
        record,
        () => settled++,
        () => standing,
      );
    }
  };
  beforeEach(() => {
    heard.length = 0;
    settled = 0;
    dropped = 0;
    isBusy = false;
    standing = 'ours';
  });

  it('are heard until its farewell, which may come twice; what was written behind it is dropped', () => {
    const farewell = { ...disconnectRecord(), reason: 'node lost' };
    const before = [connectRecord(), messageRecord('[]'), farewell, farewell];
    come(...before, messageRecord('[]'));
    expect(heard).toEqual(before);
    expect([settled, dropped]).toEqual([5, 1]);
  });

  it('do not keep those of others back, nor of a socket that ended otherwise', () => {
    const others = [
      messageRecord('[]', { id: '1' }),
      disconnectRecord({ id: '2' }),
      messageRecord('[]', { id: '2' }),
    ];
    come(...others);
    expect(heard).toEqual(others);
  });

  it('are heard again when the farewell was taken back before it was said, and come again before it', () => {
    const farewell = { ...disconnectRecord({ id: '3' }), reason: 'node lost' };
    const before = [connectRecord({ id: '3' }), farewell];
    isBusy = true;
    come(...before);
    standing = 'taken back';
    come(...before);
    expect(heard).toEqual([...before, ...before]);
    expect(dropped).toBe(0);
  });

  it('are not heard again when it was said before it was taken back', () => {
    const farewell = { ...disconnectRecord({ id: '4' }), reason: 'node lost' };
    come(farewell);
    standing = 'taken back';
    come(messageRecord('[]', { id: '4' }));
    expect(heard).toEqual([farewell]);
    expect(dropped).toBe(1);
  });
});
