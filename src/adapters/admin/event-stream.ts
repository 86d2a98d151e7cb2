import type { IncomingMessage, ServerResponse } from 'node:http';

/** A reader this far behind is cut off: inspection must not cost the node its memory. */
const MOST_BUFFERED = 1_000_000;
const KEEP_ALIVE = 15_000;

/** An answer of server-sent events (HTML standard, "Server-sent events"). */
export interface EventStream {
  /** One event with JSON data; unnamed unless it is said. */
  send(data: unknown, name?: string): void;
  /** The last event, and the end. */
  end(name: string): void;
}

/**
 * `begin` starts whatever sends, and returns how to stop it, or throws, which is answered as an error. Events may be sent
 * while it runs.
 */
export function streamEvents(
  request: IncomingMessage,
  response: ServerResponse,
  begin: (stream: EventStream) => () => void,
): void {
  // Set, not yet written: the first event may come while `begin` runs, or it may throw.
  response.setHeader('content-type', 'text/event-stream');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const write = (text: string): void => {
    response.write(text);
    if (response.writableLength > MOST_BUFFERED) response.destroy();
  };
  // Behind the last event there is nothing more to say: who has not read it by now does not read.
  const pulse = (): void => {
    if (response.writableEnded) response.destroy();
    else write(':\n\n');
  };
  const stop = begin({
    send: (data, name) =>
      write(`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`),
    end: (name) => response.end(`event: ${name}\ndata: {}\n\n`),
  });
  response.flushHeaders();
  const keepAlive = setInterval(pulse, KEEP_ALIVE).unref();
  response.on('close', () => {
    clearInterval(keepAlive);
    stop();
  });
  request.resume();
}
