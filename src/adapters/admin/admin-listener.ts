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
import { LOG_LEVEL } from './log-level-route.ts';
import { INSPECT_NODE, INSPECT_NODES } from './node-routes.ts';
import { METRICS, VERSION } from './operation-routes.ts';
import { INSPECTOR_ASSETS, INSPECTOR_PAGE } from './page-routes.ts';
import { passOn } from './pass-on.ts';
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
  INSPECT_NODES,
  INSPECT_NODE,
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

/** Streams say that they are there more often than that, ms. */
const LONGEST_SILENCE = 20_000;

export interface AdminListener {
  /** The port it really listens on. */
  readonly port: number;
  /** Ends all requests, streams included. */
  close(): Promise<void>;
}

/** Who asks at a listener: people with their tools, or another node on behalf of one of them. */
type Askers = 'operators' | 'nodes';

/** Starts the admin listener; rejects when the address cannot be listened on. */
export function startAdminListener(options: AdminOptions): Promise<AdminListener> {
  return start(options, 'operators');
}

/**
 * Starts the listener at which other nodes ask, with the key that they share for a token: what may be asked elsewhere,
 * and nothing else. Nothing that comes in here goes on to yet another node.
 */
export function startInspectionDoor(options: AdminOptions): Promise<AdminListener> {
  return start(options, 'nodes');
}

async function start(options: AdminOptions, askers: Askers): Promise<AdminListener> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    respond(request, response, options, askers).catch((error: unknown) => answerError(response, error));
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
  askers: Askers,
): Promise<void> {
  const target = request.url ?? '/';
  const url = URL.canParse(target, 'http://admin')
    ? new URL(target, 'http://admin')
    : new URL('http://admin/');
  const accepted = request.headers.accept ?? '';
  const route = ROUTES.find(
    ({ path, accepts, elsewhere }) =>
      path.test(url.pathname) &&
      (accepts === undefined || accepted.includes(accepts)) &&
      (askers === 'operators' || elsewhere !== undefined),
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
  const query = url.searchParams;
  const node = route.elsewhere === undefined ? null : takeNode(query);
  const isForAll = node === '*' && askers === 'operators' && route.elsewhere?.everywhere === true;
  const other = node === null || isForAll || askers === 'nodes' ? null : options.neighbours.find(node);
  const exchange = {
    options,
    request,
    response,
    query,
    params,
    isForAll,
    isForThisOnly: node !== null || askers === 'nodes',
    from: fromOf(request, askers),
  };
  if (other === null) await handler(exchange);
  else await passOn(exchange, other, route.elsewhere?.silence ?? LONGEST_SILENCE);
}

/** The value of `node`, which it takes out; null for none. */
function takeNode(query: URLSearchParams): string | null {
  const [node = '', ...more] = query.getAll('node');
  if (more.length > 0) throw new HoldfastError('invalid_argument', 'node is given twice');
  query.delete('node');
  return node === '' ? null : node;
}

function fromOf({ socket, headers }: IncomingMessage, askers: Askers): string {
  if (askers === 'operators') return socket.remoteAddress ?? '';
  return `${headers['x-holdfast-from'] ?? ''} by node ${headers['x-holdfast-node'] ?? ''}`;
}

/** `HEAD` is `GET` whose body Node leaves out. */
function handlerOf({ methods }: AdminRoute, method: string): AdminHandler | undefined {
  const name = method === 'HEAD' ? 'GET' : method;
  return name === 'GET' || name === 'POST' || name === 'PUT' || name === 'DELETE' ? methods[name] : undefined;
}
