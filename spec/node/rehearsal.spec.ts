import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SingleNode } from '../../src/node/single-node.ts';
import { KEYS_BY_NAME } from '../../src/runtime/config/config-key.ts';
import { loadConfig } from '../../src/runtime/config/load-config.ts';
import { LogFocuses } from '../../src/runtime/log/log-focuses.ts';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import type { Log } from '../../src/runtime/ports/log.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { TestBackend } from '../backend/test-backend.ts';

describe('a node that rehearses before it opens', () => {
  let backend: TestBackend;
  let node: SingleNode;
  let url: string;
  let lines: string[];
  let levels: string[];

  beforeEach(async () => {
    backend = new TestBackend();
    backend.reply = ({ method }) => ({ body: method === 'OnAuthenticate' ? '{"user":"u1"}' : '{}' });
    lines = [];
    levels = [];
    node = new SingleNode({
      config: configOf({
        'engine.rehearsal': 'true',
        'auth.mode': 'backend',
        'backend.url': await backend.start(),
        'limits.address.connects': '1',
        'clients.listen': '127.0.0.1:0',
        'push.listen': '127.0.0.1:0',
        'push.grpcListen': '127.0.0.1:0',
        'admin.listen': '127.0.0.1:0',
      }),
      log: listLog(lines),
      logLevel: {
        focuses: new LogFocuses(new SystemClock()),
        level: () => 'debug',
        setLevel: (level) => levels.push(level),
      },
      version: 'test',
      demo: null,
    });
    url = `http://127.0.0.1:${(await node.start())!.clients}`;
  });
  afterEach(async () => {
    node.drain();
    await node.stopped;
    await backend.stop();
  });

  it('does not ask the backend about itself', () => {
    expect(backend.calls).toEqual([]);
  });

  it('leaves neither connections nor counts behind', () => {
    expect(node.gateway.connections.size).toBe(0);
    expect(node.metrics.counters.values.filter((count) => count !== 0)).toEqual(new Float64Array(0));
  });

  it('writes nothing about itself, and leaves the log level of the process to others', async () => {
    expect([lines, levels]).toEqual([[], []]);
    const opened = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
    await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: '1' });
    expect(lines).not.toEqual([]);
  });

  it('lets the first client of its own address in, and asks the backend who that is', async () => {
    const opened = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
    const session = `${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    await fetch(session, { method: 'POST', body: '40' });
    expect(await (await fetch(session)).text()).toMatch(/^40\{"sid":/);
    expect(backend.calls[0]?.method).toBe('OnAuthenticate');
    expect(node.metrics.counters.values[COUNTER.authentications.accepted]).toBe(1);
    await fetch(session, { method: 'POST', body: '1' });
  });
});

/** Writes every message into `lines`. */
function listLog(lines: string[]): Log {
  const write = (_fields: object, message: string) => void lines.push(message);
  return { follows: true, debug: write, info: write, warn: write, error: write, child: () => listLog(lines) };
}

function configOf(settings: Readonly<Record<string, string>>) {
  const values = Object.entries(settings).map(([name, raw]) => {
    return { key: KEYS_BY_NAME.get(name)!, raw, origin: { from: 'flag', flag: name } as const };
  });
  const result = loadConfig({ role: 'dev', flags: { values, problems: [] }, environment: {}, file: null });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config;
}
