import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type EventStream, streamEvents } from '../../src/adapters/admin/event-stream.ts';

let server: Server | null = null;
afterEach(() => {
  vi.useRealTimers();
  server?.closeAllConnections();
  server?.close();
});

/** A stream over a real socket, whose reader reads nothing. */
async function unread() {
  let isStopped = false;
  const begun = new Promise<{ stream: EventStream; response: ServerResponse }>((resolve) => {
    server = createServer((asked, response) =>
      streamEvents(asked, response, (stream) => {
        resolve({ stream, response });
        return () => {
          isStopped = true;
        };
      }),
    );
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server!.address() as AddressInfo;
  const reader = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, host: '127.0.0.1' }, resolve).on('error', reject).end();
  });
  reader.pause();
  reader.on('error', () => {});
  return { ...(await begun), isStopped: () => isStopped };
}

describe('an event stream', () => {
  it('cuts off, at its next sign of life, a reader that has not taken its last event', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { stream, response, isStopped } = await unread();
    // Until the system takes no more: what is written now stays here.
    while (response.writableLength < 100_000) {
      stream.send('x'.repeat(50_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end('closed');
    expect(response.writableFinished).toBe(false);
    vi.advanceTimersByTime(15_000);
    await vi.waitFor(() => expect(isStopped()).toBe(true));
    expect(response.destroyed).toBe(true);
  });
});
