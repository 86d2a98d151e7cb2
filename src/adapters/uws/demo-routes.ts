import type { HttpResponse, TemplatedApp } from 'uWebSockets.js';
import type { InspectedEvent, Inspector } from '../../runtime/ports/inspector.ts';
import type { ExtraRoutes } from './client-listener.ts';
import { statusLine } from './http-status.ts';

export interface DemoFile {
  readonly type: string;
  readonly body: Buffer;
}

/**
 * The demo page on the clients' port of `holdfast dev`: its files, the connection machine's definition, and the
 * events of one connection as they happen. Never part of a gateway: who may look into machines asks the admin port.
 *
 * @param definition the XState configuration, with `delays` by name in ms
 */
export function demoRoutes(
  files: ReadonlyMap<string, DemoFile>,
  definition: object,
  inspector: Inspector,
): ExtraRoutes {
  const machine = JSON.stringify(definition);
  return (app: TemplatedApp) => {
    for (const [path, file] of files) app.get(path, (response) => serve(response, file.type, file.body));
    app.get('/demo/machine.json', (response) => serve(response, 'application/json', machine));
    app.get('/demo/events', (response, request) => {
      streamEvents(response, inspector, request.getQuery('id') ?? '');
    });
  };
}

function serve(response: HttpResponse, type: string, body: Buffer | string): void {
  response.cork(() => {
    response.writeHeader('Content-Type', type);
    response.writeHeader('Cache-Control', 'no-cache');
    response.writeHeader('X-Content-Type-Options', 'nosniff');
    response.end(body);
  });
}

/** Server-sent events: first the state, then every step (HTML standard, "Server-sent events"). */
function streamEvents(response: HttpResponse, inspector: Inspector, id: string): void {
  let over = false;
  const write = (data: object) => {
    if (!over) response.cork(() => response.write(`data: ${JSON.stringify(data)}\n\n`));
  };
  const stop = inspector.follow(
    id,
    (event) => {
      if (event.machine === 'connection') write(stepOf(event));
    },
    () => {
      if (!over) response.cork(() => response.end());
      over = true;
    },
  );
  if (stop === null) {
    response.cork(() => response.writeStatus(statusLine(404)).end('no such connection'));
    return;
  }
  response.onAborted(() => {
    over = true;
    stop();
  });
  response.cork(() => {
    response.writeHeader('Content-Type', 'text/event-stream').writeHeader('Cache-Control', 'no-store');
    response.write(`data: ${JSON.stringify({ state: inspector.connection(id)?.state })}\n\n`);
  });
}

function stepOf({ time, event, from, to, effects }: InspectedEvent): object {
  // The runtime names a timer `<delay>@<state>`; people know it as XState writes it.
  const at = event.indexOf('@');
  return { at: time, event: at < 0 ? event : `after ${event.slice(0, at)}`, from, to, effects };
}
