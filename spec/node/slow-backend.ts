import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SlowBackend {
  readonly url: string;
  /** Methods whose calls were answered, in order. */
  readonly answered: readonly string[];
  /** Resolves when a call of this method has arrived. */
  arrived(method: string): Promise<void>;
  close(): Promise<void>;
}

/** A backend that answers everything, `delay` ms late. */
export async function startSlowBackend(delay: number): Promise<SlowBackend> {
  const answered: string[] = [];
  const waiting = new Map<string, () => void>();
  const arrivals = new Set<string>();
  const server = createServer(async (request, response) => {
    request.resume();
    const method = request.url?.split('/').at(-1) ?? '';
    arrivals.add(method);
    waiting.get(method)?.();
    await sleep(delay);
    answered.push(method);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered,
    arrived: async (method) => {
      if (!arrivals.has(method)) await new Promise<void>((resolve) => waiting.set(method, resolve));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
