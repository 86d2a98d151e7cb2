import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { FoundConnection, Inspector } from '../../runtime/ports/inspector.ts';
import type { AdminExchange, AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { askGateways } from './ask-gateways.ts';
import { streamEvents } from './event-stream.ts';
import { readQuery } from './inspect-query.ts';

const LIMIT = 100;
const MOST = 10_000;

/** Counts by state. */
export const INSPECT: AdminRoute = {
  path: /^\/inspect$/,
  open: false,
  elsewhere: {},
  methods: { GET: ({ response, options: { inspector } }) => answerJson(response, 200, inspector.overview()) },
};

/** Parameters narrow it down: `ConnectionSearch` tells which. */
export const INSPECT_CONNECTIONS: AdminRoute = {
  path: /^\/inspect\/connections$/,
  open: false,
  elsewhere: { everywhere: true },
  methods: {
    GET: async (exchange) => {
      const { response, query, options, isForAll } = exchange;
      const { machine, limit: text = String(LIMIT), ...rest } = readQuery(query, SEARCH);
      const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
      if (limit < 1 || limit > MOST) {
        throw new HoldfastError('invalid_argument', `limit must be a whole number from 1 to ${MOST}`);
      }
      const search = { ...rest, limit, ...(machine === undefined ? {} : { machine: readMachine(machine) }) };
      const connections = await options.inspector.connections(search);
      if (isForAll) answerJson(response, 200, await withOthers(exchange, connections, limit));
      else answerJson(response, 200, { connections });
    },
  },
};

/** The same of all other gateways, together: each with the node it lives on, the limit for all. */
async function withOthers(exchange: AdminExchange, own: readonly FoundConnection[], limit: number) {
  const { query, options } = exchange;
  const path = `/inspect/connections?${query}`;
  const others = await askGateways<{ connections: FoundConnection[] }>(exchange, {
    method: 'GET',
    path,
    body: '',
  });
  const { number } = options.neighbours.vitals();
  const found = [{ node: number, body: { connections: own } }, ...others].flatMap(({ node, body }) =>
    (body?.connections ?? []).map((connection) => ({ ...connection, node })),
  );
  if (query.get('sort') === 'oldest') found.sort((a, b) => a.since - b.since);
  return {
    connections: found.slice(0, limit),
    unreachable: others.flatMap(({ node, body }) => (body === null ? [node] : [])),
  };
}

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
  elsewhere: {},
  methods: {
    GET: ({ response, params: [id = ''], options: { inspector } }) => {
      answerJson(response, 200, inspector.connection(id) ?? notFound(id));
    },
  },
};

export const WATCH: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/watch$/,
  open: false,
  elsewhere: {},
  methods: {
    PUT: ({ response, params: [id = ''], options: { inspector, operations }, from }) => {
      const outcome = inspector.watch(id);
      switch (outcome) {
        case 'watched':
          operations.watches(id, from);
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

/**
 * What happens to one connection, as it happens (server-sent events), until it closes. A step of a machine comes as an
 * unnamed event, its frame of the film in `frame`; every other frame as an event named `frame`.
 */
export const EVENTS: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/events$/,
  open: false,
  elsewhere: {},
  methods: { GET: follow },
};

function follow({ request, response, params: [id = ''], options, from }: AdminExchange): void {
  const { inspector, operations } = options;
  streamEvents(request, response, (stream) => {
    const stop = inspector.followFilm(
      id,
      (frame, event) => {
        if (event === null) stream.send(frame, 'frame');
        else stream.send({ ...event, frame });
      },
      () => stream.end('closed'),
    );
    if (stop === null) return unwatchable(inspector, id);
    operations.watches(id, from);
    return stop;
  });
}

/** Says why a connection cannot be followed. */
export function unwatchable(inspector: Inspector, id: string): never {
  if (inspector.connection(id) === null) notFound(id);
  throw new HoldfastError(
    'resource_exhausted',
    'as many connections as inspect.maxWatched are watched already',
  );
}

function notFound(id: string): never {
  throw new HoldfastError('not_found', `connection ${id} does not exist (any more)`);
}
