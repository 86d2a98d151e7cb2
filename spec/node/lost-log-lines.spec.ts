import { expect, it } from 'vitest';
import { SingleNode } from '../../src/node/single-node.ts';
import { KEYS_BY_NAME } from '../../src/runtime/config/config-key.ts';
import { loadConfig } from '../../src/runtime/config/load-config.ts';
import { LogFocuses } from '../../src/runtime/log/log-focuses.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';

it('a node says in its metrics how many lines of its log were lost', async () => {
  const values = ['clients.listen', 'push.listen', 'push.grpcListen', 'admin.listen'].map((name) => {
    return {
      key: KEYS_BY_NAME.get(name)!,
      raw: '127.0.0.1:0',
      origin: { from: 'flag', flag: name } as const,
    };
  });
  const rehearsal = KEYS_BY_NAME.get('engine.rehearsal')!;
  values.push({ key: rehearsal, raw: 'false', origin: { from: 'flag', flag: 'engine.rehearsal' } });
  const result = loadConfig({ role: 'dev', flags: { values, problems: [] }, environment: {}, file: null });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  let lost = 0;
  const node = new SingleNode({
    config: result.config,
    log: new SilentLog(),
    logLevel: {
      focuses: new LogFocuses(new SystemClock()),
      level: () => 'silent',
      setLevel: () => undefined,
    },
    droppedLogLines: () => lost,
    version: 'test',
    demo: null,
  });
  const { admin } = (await node.start())!;
  lost = 3;
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  expect(text).toContain('\nholdfast_log_lines_dropped 3\n');
  node.drain();
  await node.stopped;
});
