import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { CLOSE_CONNECTION, CLOSE_USER, DRAIN } from './action-routes.ts';
import { admit } from './admin-guard.ts';
import type { AdminOptions } from './admin-options.ts';
import type { AdminHandler, AdminRoute } from './admin-route.ts';
import { answerError, answerJson } from './answer.ts';
import { CENSUS, CENSUS_STREAM, INSPECT_MACHINES, STRANGE } from './census-routes.ts';
import { FILM, STATELY } from './film-routes.ts';
import { HEALTHZ, READYZ } from './health-routes.ts';
import { EVENTS, INSPECT, INSPECT_CONNECTION, INSPECT_CONNECTIONS, WATCH } from './inspect-routes.ts';
import { LOG_LEVEL, METRICS, VERSION } from './operation-routes.ts';
import { INSPECTOR_ASSETS, INSPECTOR_PAGE } from './page-routes.ts';
import { REVOKE } from './token-routes.ts';

const ROUTES: readonly AdminRoute[] = [
  HEALTHZ,
  READYZ,
  METRICS,
  INSPECTOR_PAGE,
  INSPECTOR_ASSETS,
  INSPECT,
  INSPECT_MACHINES,
  CENSUS,
  CENSUS_STREAM,
  STRANGE,
  INSPECT_CONNECTIONS,
  INSPECT_CONNECTION,
  WATCH,
  EVENTS,
  CLOSE_CONNECTION,
  CLOSE_USER,
  DRAIN,
  FILM,
  STATELY,
  LOG_LEVEL,
  VERSION,
  REVOKE,
];

export interface AdminListener {
  /** The port it really listens on. */
  readonly port: number;
  /** Ends all requests, streams included. */
  close(): Promise<void>;
}

/** Starts the admin listener; rejects when the address cannot be listened on. */
export async function startAdminListener(options: AdminOptions): Promise<AdminListener> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    respond(request, response, options).catch((error: unknown) => answerError(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, resolve);
  });
  // Once it listens, only accepting can fail (no file descriptor left): the next attempt may succeed.
  server.removeAllListeners('error').on('error', () => {});
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminOptions,
): Promise<void> {
  const target = request.url ?? '/';
  const url = URL.canParse(target, 'http://admin')
    ? new URL(target, 'http://admin')
    : new URL('http://admin/');
  const accepted = request.headers.accept ?? '';
  const route = ROUTES.find(
    ({ path, accepts }) => path.test(url.pathname) && (accepts === undefined || accepted.includes(accepts)),
  );
  if (!route?.open) admit(request, options.token);
  if (route === undefined) throw new HoldfastError('not_found', `there is nothing at ${url.pathname}`);

  const handler = handlerOf(route, request.method ?? '');
  if (handler === undefined) {
    const allowed = Object.keys(route.methods).join(', ');
    response.setHeader('allow', allowed);
    answerJson(response, 405, { code: 'unimplemented', message: `${url.pathname} answers ${allowed} only` });
    return;
  }
  const params = route.path.exec(url.pathname)?.slice(1) ?? [];
  await handler({ options, request, response, query: url.searchParams, params });
}

/** `HEAD` is `GET` whose body Node leaves out. */
function handlerOf({ methods }: AdminRoute, method: string): AdminHandler | undefined {
  const name = method === 'HEAD' ? 'GET' : method;
  return name === 'GET' || name === 'POST' || name === 'PUT' || name === 'DELETE' ? methods[name] : undefined;
}
