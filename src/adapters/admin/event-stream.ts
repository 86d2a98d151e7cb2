import type { AdminExchange } from './admin-route.ts';

/** A reader this far behind is cut off: inspection must not cost the node its memory. */
const MOST_BUFFERED = 1_000_000;
const KEEP_ALIVE = 15_000;

/** A response that goes on as server-sent events until the reader goes away or is cut off. */
export class EventStream {
  private readonly exchange: AdminExchange;

  /** Nothing is written yet: the request may still be refused. */
  constructor(exchange: AdminExchange) {
    const { response } = exchange;
    this.exchange = exchange;
    response.setHeader('content-type', 'text/event-stream');
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
  }

  /** @param name of the event; readers take one without for `message` */
  send(data: unknown, name?: string): void {
    this.write(`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Says a last event and ends. */
  end(name: string): void {
    this.exchange.response.end(`event: ${name}\ndata: {}\n\n`);
  }

  /** Answers with the headers; `ended` is called once, however it ends. */
  open(ended: () => void): void {
    const { request, response } = this.exchange;
    response.flushHeaders();
    const keepAlive = setInterval(() => this.write(':\n\n'), KEEP_ALIVE).unref();
    response.on('close', () => {
      clearInterval(keepAlive);
      ended();
    });
    request.resume();
  }

  private write(text: string): void {
    const { response } = this.exchange;
    response.write(text);
    if (response.writableLength > MOST_BUFFERED) response.destroy();
  }
}
