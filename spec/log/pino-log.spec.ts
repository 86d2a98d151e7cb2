import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { isPretty, openLogOutput } from '../../src/adapters/pino/log-output.ts';
import { createPinoLog } from '../../src/adapters/pino/pino-log.ts';

function lines() {
  const written: string[] = [];
  const output = { write: (line: string) => void written.push(line) };
  return {
    output,
    written,
    parsed: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('the log', () => {
  it('writes one JSON object per line with level, time, bindings, fields and message', () => {
    const { output, parsed } = lines();
    const { log } = createPinoLog('info', output, { node: 7 });
    log.child({ connection: '42' }).info({ reason: 'ping timeout' }, 'Connection closed');
    expect(parsed()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        node: 7,
        connection: '42',
        reason: 'ping timeout',
        msg: 'Connection closed',
      },
    ]);
  });

  it('redacts credentials, wherever they stand', () => {
    const { output, written } = lines();
    const { log } = createPinoLog('info', output);
    log.info({ token: 'sekrit', sid: 'sekrit', auth: { a: 'sekrit' } }, 'one');
    log.info({ headers: { authorization: 'sekrit', cookie: 'sekrit', Authorization: 'sekrit' } }, 'two');
    log.info({ request: { query: { token: 'sekrit' }, headers: { 'set-cookie': 'sekrit' } } }, 'three');
    log
      .child({ secret: 'sekrit', login: { password: 'sekrit' } })
      .info({ jwt: { secret: 'sekrit' } }, 'four');
    expect(written).toHaveLength(4);
    expect(written.join('')).not.toContain('sekrit');
    expect(written[1]).toContain('[redacted]');
  });

  it('leaves the fields it was given as they are', () => {
    const { output } = lines();
    const fields = { token: 'sekrit', headers: { cookie: 'sekrit' } };
    createPinoLog('info', output).log.info(fields, 'one');
    expect(fields).toEqual({ token: 'sekrit', headers: { cookie: 'sekrit' } });
  });

  it('writes errors with their stack', () => {
    const { output, parsed } = lines();
    createPinoLog('info', output).log.error({ err: new TypeError('broken') }, 'Failed');
    expect(parsed()[0]).toMatchObject({
      err: { type: 'TypeError', message: 'broken', stack: expect.any(String) },
    });
  });

  it('changes its level for all loggers at once, also for those made before', () => {
    const { output, parsed } = lines();
    const { log, setLevel, level } = createPinoLog('warn', output);
    const child = log.child({}).child({});
    const speak = () => {
      for (const name of ['debug', 'info', 'warn', 'error'] as const) child[name]({}, name);
    };
    speak();
    setLevel('debug');
    expect(level()).toBe('debug');
    speak();
    setLevel('silent');
    speak();
    expect(parsed().map(({ msg }) => msg)).toEqual(['warn', 'error', 'debug', 'info', 'warn', 'error']);
  });
});

describe('the output', () => {
  it('writes in the background and has written everything after flush', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
    try {
      const path = join(folder, 'out');
      const output = openLogOutput(path, false);
      await vi.waitFor(() => expect(existsSync(path)).toBe(true));
      for (let number = 0; number < 1000; number++) output.write(`${number}\n`);
      await vi.waitFor(() => {
        output.flush();
        expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(1000);
      });
      expect(output.dropped()).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('loses no line when the process exits', () => {
    const script = `
      import { openLogOutput } from './src/adapters/pino/log-output.ts';
      import { createPinoLog } from './src/adapters/pino/pino-log.ts';
      const { log } = createPinoLog('info', openLogOutput(1, false));
      for (let number = 0; number < 500; number++) log.info({ number }, 'line');
      process.exit(0);`;
    const text = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(text.trim().split('\n')).toHaveLength(500);
  });

  it('is for people in a terminal and JSON everywhere else, unless told otherwise', () => {
    expect(isPretty('auto', true)).toBe(true);
    expect(isPretty('auto', false)).toBe(false);
    expect(isPretty('json', true)).toBe(false);
    expect(isPretty('pretty', false)).toBe(true);
  });
});
