import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyProxy, NO_FAULT } from './faulty-proxy.ts';

describe('the faulty proxy', () => {
  let server: Server;
  let proxy: FaultyProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = await FaultyProxy.start((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const open = () => {
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    const closed = new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.on('close', () => resolve('closed'));
    });
    const echoed = async (wanted: string, ms = 2000) => {
      const deadline = performance.now() + ms;
      while (!text.includes(wanted) && performance.now() < deadline)
        await new Promise((r) => setTimeout(r, 2));
      return text.includes(wanted);
    };
    return { socket, closed, echoed };
  };

  it('passes everything on while nothing is wrong', async () => {
    const { socket, echoed } = open();
    socket.write('hello');
    expect(await echoed('hello')).toBe(true);
  });

  it('delays each way, in order', async () => {
    const { socket, echoed } = open();
    socket.write('a');
    await echoed('a');
    proxy.set({ kind: 'delay', ms: 100 });
    const start = performance.now();
    socket.write('b');
    setTimeout(() => socket.write('c'), 20);
    expect(await echoed('abc')).toBe(true);
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(200);
    expect(took).toBeLessThan(320);
  });

  it('throttles', async () => {
    const { socket, echoed } = open();
    proxy.set({ kind: 'throttle', bytesPerSecond: 10_000 });
    const start = performance.now();
    socket.write(`${'x'.repeat(3000)}!`);
    expect(await echoed('!', 3000)).toBe(true);
    expect(performance.now() - start).toBeGreaterThan(250);
  });

  it('falls silent with the connection open, and ends that connection when it speaks again', async () => {
    const { socket, echoed, closed } = open();
    socket.write('a');
    await echoed('a');
    proxy.set({ kind: 'silence' });
    socket.write('b');
    expect(await echoed('b', 200)).toBe(false);
    expect(socket.destroyed).toBe(false);
    proxy.set(NO_FAULT);
    expect(await closed).toBe('ECONNRESET');
    const again = open();
    again.socket.write('c');
    expect(await again.echoed('c')).toBe(true);
  });

  it('resets what stands and refuses what comes', async () => {
    const { socket, echoed, closed } = open();
    socket.write('a');
    await echoed('a');
    proxy.set({ kind: 'refuse' });
    expect(await closed).toBe('ECONNRESET');
    expect(await open().closed).toBe('ECONNRESET');
    expect(proxy.connections).toBe(0);
  });
});
