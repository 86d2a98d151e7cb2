import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES, TRANSPORTS } from '../clients/libraries.ts';
import { type EchoBackend, startEchoBackend } from '../support/echo-backend.ts';
import { Member } from './support/member.ts';
import { push } from './support/push.ts';
import { type Services, startRedisOnly } from './support/services.ts';
import { until } from './support/until.ts';

describe('a gateway of two processes on one port', () => {
  let services: Services;
  let backend: EchoBackend;
  let gateway: Member;
  let api: Member;
  const sockets: ClientSocket[] = [];

  beforeAll(async () => {
    services = await startRedisOnly();
    backend = await startEchoBackend();
    const settings = {
      ...services.settings,
      'backend.url': backend.url,
      'engine.rehearsal': 'false',
      'cluster.leaseTtl': '3s',
      'log.format': 'json',
    };
    gateway = await Member.create('gateway', 'gateway', { ...settings, 'cluster.workers': '2' });
    api = await Member.create('api', 'api', settings);
    await Promise.all([gateway.start(), api.start()]);
    await bothReady();
  }, 60_000);
  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await Promise.all([gateway?.stop(), api?.kill()]);
    await backend?.close();
    await services?.close();
  });

  const isReady = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    return answer?.ok === true;
  };
  /** The first port stands for both: an orchestrator asks one. */
  const bothReady = () => until(() => isReady(gateway.adminPort), 20_000);
  const pids = () =>
    execFileSync('pgrep', ['-P', String(gateway.pid)])
      .toString()
      .trim()
      .split('\n')
      .map(Number);
  const held = async (port: number) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/^holdfast_sockets (\d+)$/m.exec(text)?.[1]);
  };
  const echoes = (socket: ClientSocket) => ask(socket, 'message-with-ack', 'hello');

  it('serves a session whichever process a request or an upgrade comes to', async () => {
    for (let i = 0; i < 30; i++) {
      const library = LIBRARIES[i % LIBRARIES.length]!;
      const { transports } = TRANSPORTS[Math.floor(i / LIBRARIES.length) % TRANSPORTS.length]!;
      const socket = library.open(gateway.url, { user: `user ${i}`, transports });
      sockets.push(socket);
      await next(socket, 'connect');
      expect(await echoes(socket)).toEqual(['hello']);
    }
    const [one, other] = [await held(gateway.adminPort), await held(gateway.adminPort + 1)];
    expect(one).toBeGreaterThan(0);
    expect(other).toBeGreaterThan(0);
    expect(await push(api.url, 'CountSockets', { to: { everyone: true } })).toMatchObject({ sockets: 30 });
  }, 60_000);

  it('goes on with one of them while the other, which was killed, is replaced', async () => {
    process.kill(pids()[0]!, 'SIGKILL');
    await until(() => sockets.some((socket) => !socket.connected), 10_000);
    // Those on polling find out with their next request.
    await sleep(2_000);
    const survivors = sockets.filter((socket) => socket.connected);
    expect(survivors.length).toBeGreaterThan(0);
    for (const socket of survivors) expect(await echoes(socket)).toEqual(['hello']);
    await bothReady();
    const socket = LIBRARIES[0]!.open(gateway.url, { user: 'new', transports: ['websocket'] });
    sockets.push(socket);
    await next(socket, 'connect');
    expect(await echoes(socket)).toEqual(['hello']);
  }, 60_000);

  it('is ready when all its processes are, by the port of the first', async () => {
    // The first was replaced above, so the older one is the second.
    const [second] = pids() as [number, number];
    process.kill(second, 'SIGSTOP');
    try {
      await until(async () => !(await isReady(gateway.adminPort)), 10_000);
      const answer = await fetch(`${gateway.adminUrl}/readyz`);
      expect(await answer.json()).toMatchObject({
        status: 'not ready',
        dependencies: { workers: { ok: false, detail: '1 of 2 ready' }, lease: { ok: true } },
      });
    } finally {
      process.kill(second, 'SIGCONT');
    }
    await bothReady();
  }, 60_000);

  it('stops with all its processes', async () => {
    expect(await gateway.stop()).toBe(0);
    expect(await isReady(gateway.adminPort)).toBe(false);
    expect(await isReady(gateway.adminPort + 1)).toBe(false);
  }, 60_000);

  it('drains when the process that runs them all is gone', async () => {
    await gateway.start();
    await bothReady();
    const workers = pids();
    await gateway.kill();
    await until(() => workers.every((pid) => !isAlive(pid)), 20_000);
  }, 60_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
