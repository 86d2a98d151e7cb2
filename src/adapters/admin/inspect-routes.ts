import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { AdminExchange, AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { readQuery } from './inspect-query.ts';

const LIMIT = 100;
const MOST = 10_000;

/** Counts by state. */
export const INSPECT: AdminRoute = {
  path: /^\/inspect$/,
  open: false,
  methods: { GET: ({ response, options: { inspector } }) => answerJson(response, 200, inspector.overview()) },
};

/** Parameters narrow it down: `ConnectionSearch` tells which. */
export const INSPECT_CONNECTIONS: AdminRoute = {
  path: /^\/inspect\/connections$/,
  open: false,
  methods: {
    GET: async ({ response, query, options: { inspector } }) => {
      const { machine, limit: text = String(LIMIT), ...rest } = readQuery(query, SEARCH);
      const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
      if (limit < 1 || limit > MOST) {
        throw new HoldfastError('invalid_argument', `limit must be a whole number from 1 to ${MOST}`);
      }
      const search = { ...rest, limit, ...(machine === undefined ? {} : { machine: readMachine(machine) }) };
      answerJson(response, 200, { connections: await inspector.connections(search) });
    },
  },
};

const SEARCH = [
  'machine',
  'state',
  'transport',
  'protocol',
  'namespace',
  'user',
  'room',
  'address',
  'q',
  'limit',
  'sort',
] as const;

function readMachine(text: string): 'connection' | 'socket' {
  if (text === 'connection' || text === 'socket') return text;
  const shown = JSON.stringify(text.slice(0, 60));
  throw new HoldfastError('invalid_argument', `machine: ${shown} must be one of connection, socket`);
}

export const INSPECT_CONNECTION: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})$/,
  open: false,
  methods: {
    GET: ({ response, params: [id = ''], options: { inspector } }) => {
      answerJson(response, 200, inspector.connection(id) ?? notFound(id));
    },
  },
};

export const WATCH: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/watch$/,
  open: false,
  methods: {
    PUT: ({ response, params: [id = ''], options: { inspector } }) => {
      const outcome = inspector.watch(id);
      switch (outcome) {
        case 'watched':
          answerJson(response, 200, { watched: true });
          return;
        case 'not found':
          notFound(id);
          break;
        case 'too many':
          throw new HoldfastError(
            'resource_exhausted',
            'as many connections as inspect.maxWatched are watched already',
          );
        default:
          return outcome satisfies never;
      }
    },
    DELETE: ({ response, params: [id = ''], options: { inspector } }) => {
      if (!inspector.unwatch(id)) throw new HoldfastError('not_found', `connection ${id} is not watched`);
      answerJson(response, 200, { watched: false });
    },
  },
};

/** The events of one connection as they happen (server-sent events), until it closes. */
export const EVENTS: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/events$/,
  open: false,
  methods: { GET: streamEvents },
};

/** A reader this far behind is cut off: inspection must not cost the node its memory. */
const MOST_BUFFERED = 1_000_000;
const KEEP_ALIVE = 15_000;

function streamEvents({ request, response, params: [id = ''], options: { inspector } }: AdminExchange): void {
  // Set, not yet written: the first event may come while `follow` runs, or there may be nothing to follow.
  response.setHeader('content-type', 'text/event-stream');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  const write = (text: string): void => {
    response.write(text);
    if (response.writableLength > MOST_BUFFERED) response.destroy();
  };
  const stop = inspector.follow(
    id,
    (event) => write(`data: ${JSON.stringify(event)}\n\n`),
    () => response.end('event: closed\ndata: {}\n\n'),
  );
  if (stop === null) {
    if (inspector.connection(id) === null) notFound(id);
    throw new HoldfastError(
      'resource_exhausted',
      'as many connections as inspect.maxWatched are watched already',
    );
  }
  response.flushHeaders();
  const keepAlive = setInterval(() => write(':\n\n'), KEEP_ALIVE).unref();
  response.on('close', () => {
    clearInterval(keepAlive);
    stop();
  });
  request.resume();
}

function notFound(id: string): never {
  throw new HoldfastError('not_found', `connection ${id} does not exist (any more)`);
}
