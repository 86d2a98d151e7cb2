import { describe, expect, it } from 'vitest';
import { FencedLog } from '../../src/runtime/cluster/fenced-log.ts';
import type { UpstreamLog, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { disconnect, message } from '../contracts/upstream-log-contract.ts';

function fenced(maxRecords = 10, holds = () => true) {
  const passed: UpstreamRecord[] = [];
  const inner: UpstreamLog = {
    append: (record) => void passed.push(record),
    consume: () => ({ stop: async () => {} }),
    flush: async () => {},
    close: async () => {},
  };
  return { passed, log: new FencedLog(inner, { maxRecords, maxBytes: 1_000_000, holds }) };
}

describe('the fence before the upstream log', () => {
  it('lets everything through while it is open', () => {
    const { passed, log } = fenced();
    log.append(message('1', 1));
    expect(passed).toHaveLength(1);
  });

  it('holds records back while the lease is in doubt, and lets them go on in order', () => {
    const { passed, log } = fenced();
    log.shut();
    for (let number = 0; number < 5; number++) log.append(message('1', number));
    expect(passed).toEqual([]);
    log.open(() => expect.unreachable());
    log.append(message('1', 5));
    expect(passed.map(({ messageId }) => messageId)).toEqual(
      [0, 1, 2, 3, 4, 5].map((number) => message('1', number).messageId),
    );
  });

  it('holds records back from the moment the lease is over, though nobody has told it', () => {
    let holds = true;
    const { passed, log } = fenced(10, () => holds);
    holds = false;
    log.append(message('1', 1));
    expect(passed).toEqual([]);
    holds = true;
    log.open(() => expect.unreachable());
    expect(passed).toHaveLength(1);
  });

  it('refuses what is beyond its bound, but never the end of a socket', () => {
    const { log } = fenced(2);
    log.shut();
    log.append(message('1', 1));
    log.append(message('1', 2));
    expect(() => log.append(message('1', 3))).toThrow('lost touch');
    expect(() => log.append(disconnect('1', 4))).not.toThrow();
  });

  it('is flushed when what waited behind it has gone on, and not when that was thrown away', async () => {
    const { log } = fenced();
    log.shut();
    log.append(message('1', 1));
    let isFlushed = false;
    const flushed = log.flush().then(() => {
      isFlushed = true;
    });
    await Promise.resolve();
    expect(isFlushed).toBe(false);
    log.open(() => expect.unreachable());
    await flushed;
    log.shut();
    log.append(message('1', 2));
    const lost = expect(log.flush()).rejects.toThrow('given up for dead');
    log.discard();
    await lost;
  });

  it('throws away what waits when the sessions were given up for dead', () => {
    const { passed, log } = fenced();
    log.shut();
    log.append(message('1', 1));
    expect(log.discard()).toBe(1);
    log.open(() => expect.unreachable());
    expect(passed).toEqual([]);
  });

  it('says what the log behind it does not take', () => {
    const { log } = fenced();
    const refusing = new FencedLog(
      {
        ...log,
        append: () => {
          throw new Error('full');
        },
        consume: () => ({ stop: async () => {} }),
        flush: async () => {},
        close: async () => {},
      } as unknown as UpstreamLog,
      { maxRecords: 5, maxBytes: 1_000_000, holds: () => true },
    );
    refusing.shut();
    refusing.append(message('1', 1));
    const refused: string[] = [];
    refusing.open((record) => refused.push(record.key));
    expect(refused).toEqual(['1']);
  });
});
