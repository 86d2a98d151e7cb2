import { describe, expect, it } from 'vitest';
import { PresentFirstLog } from '../../src/runtime/cluster/present-first-log.ts';
import type { UpstreamLog, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { disconnect, message } from '../contracts/upstream-log-contract.ts';

function presentFirst(maxRecords = 10, append?: () => never) {
  const passed: UpstreamRecord[] = [];
  const refused: UpstreamRecord[] = [];
  const inner: UpstreamLog = {
    append: append ?? ((record) => void passed.push(record)),
    consume: () => ({ stop: async () => {} }),
    flush: async () => {},
    close: async () => {},
  };
  const log = new PresentFirstLog(inner, {
    maxRecords,
    maxBytes: 1_000_000,
    refused: (record) => refused.push(record),
  });
  return { passed, refused, log };
}

/** A socket comes; presence has it when `arrive` was called. */
function newcomer(log: PresentFirstLog, socket: string): { arrive(): Promise<void> } {
  let resolve = () => {};
  const written = new Promise<void>((done) => {
    resolve = done;
  });
  log.expect(socket, written);
  return {
    arrive: async () => {
      resolve();
      await written;
      await Promise.resolve();
    },
  };
}

const ids = (records: readonly UpstreamRecord[]) => records.map(({ messageId }) => messageId);

describe('an upstream log that hears of a socket when presence has it', () => {
  it('holds back what a socket does until presence has it, then lets it go on in order', async () => {
    const { passed, log } = presentFirst();
    const one = newcomer(log, '1');
    const records = [message('1', 0), message('1', 1), disconnect('1', 2)];
    for (const record of records) log.append(record);
    expect(passed).toEqual([]);
    await one.arrive();
    log.append(message('1', 3));
    expect(ids(passed)).toEqual(ids([...records, message('1', 3)]));
  });

  it('does not let others wait for it', () => {
    const { passed, log } = presentFirst();
    newcomer(log, '1');
    log.append(message('1', 0));
    log.append(message('2', 1));
    expect(ids(passed)).toEqual(ids([message('2', 1)]));
  });

  it('refuses what is beyond its bound, but never the end of a socket', () => {
    const { log } = presentFirst(2);
    newcomer(log, '1');
    log.append(message('1', 1));
    log.append(message('1', 2));
    expect(() => log.append(message('1', 3))).toThrow('presence cannot be written');
    expect(() => log.append(disconnect('1', 4))).not.toThrow();
  });

  it('is flushed for one socket while another is still waited for', async () => {
    const { log } = presentFirst();
    const one = newcomer(log, '1');
    newcomer(log, '2');
    log.append(message('1', 1));
    await log.flush(['3']);
    let isFlushed = false;
    const flushed = log.flush(['1']).then(() => {
      isFlushed = true;
    });
    await Promise.resolve();
    expect(isFlushed).toBe(false);
    await one.arrive();
    await flushed;
  });

  it('is flushed when those who came before are there, whoever comes after', async () => {
    const { log } = presentFirst();
    const [one, other] = [newcomer(log, '1'), newcomer(log, '2')];
    let isFlushed = false;
    const flushed = log.flush().then(() => {
      isFlushed = true;
    });
    newcomer(log, '3');
    await other.arrive();
    expect(isFlushed).toBe(false);
    await one.arrive();
    await flushed;
  });

  it('throws away what waits when the sessions were given up for dead, and says so to those who wait', async () => {
    const { passed, log } = presentFirst();
    const one = newcomer(log, '1');
    log.append(message('1', 1));
    const lost = expect(log.flush()).rejects.toThrow('given up for dead');
    expect(log.discard()).toBe(1);
    await lost;
    await one.arrive();
    expect(passed).toEqual([]);
  });

  it('says what the log behind it does not take', async () => {
    const { refused, log } = presentFirst(5, () => {
      throw new Error('full');
    });
    const one = newcomer(log, '1');
    log.append(message('1', 1));
    await one.arrive();
    expect(ids(refused)).toEqual(ids([message('1', 1)]));
  });
});
