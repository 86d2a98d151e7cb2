import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

const PROGRAM = process.env.HOLDFAST_PROGRAM ?? 'dist/main.js';

describe('a node that is still rehearsing', () => {
  let child: ChildProcess;
  let output: string;
  let admin: string;
  const start = async () => {
    const port = await freePort();
    const listen = ['clients.listen', 'push.listen', 'push.grpcListen'];
    const flags = listen.flatMap((key) => [`--${key}`, '127.0.0.1:0']);
    flags.push('--admin.listen', `127.0.0.1:${port}`);
    child = spawn(process.execPath, [PROGRAM, 'dev', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    output = '';
    for (const stream of [child.stdout, child.stderr]) stream!.on('data', (chunk) => (output += chunk));
    admin = `http://127.0.0.1:${port}`;
    while ((await state()) !== 'starting') await sleep(2);
  };
  const state = () =>
    fetch(`${admin}/readyz`).then(
      async (answer) => ((await answer.json()) as { status: string }).status,
      () => 'silent',
    );
  afterEach(() => child.kill('SIGKILL'));

  it('ends with 0, and without having been ready, when it is told to stop', async () => {
    await start();
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    expect(output).not.toContain('Holdfast is ready');
    expect(output).not.toMatch(/error/i);
  });

  it('becomes ready all the same when it is told to read its settings again', async () => {
    await start();
    child.kill('SIGHUP');
    while ((await state()) === 'starting') await sleep(10);
    expect(await state()).toBe('ready');
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
