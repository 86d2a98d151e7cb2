import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { CensusFilter } from '../../runtime/ports/census.ts';
import type { AdminExchange, AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { streamEvents } from './event-stream.ts';
import { readQuery } from './inspect-query.ts';

/** The charts of the machines. */
export const INSPECT_MACHINES: AdminRoute = {
  path: /^\/inspect\/machines$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: ({ response, options: { census } }) => answerJson(response, 200, { machines: census.charts() }),
  },
};

/** How many are in each state, for how long, and how often each arrow is taken. */
export const CENSUS: AdminRoute = {
  path: /^\/inspect\/census$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: async ({ response, query, options: { census } }) => {
      answerJson(response, 200, await census.take(readFilter(query)));
    },
  },
};

/** The same twice a second. */
export const CENSUS_STREAM: AdminRoute = {
  path: /^\/inspect\/census\/stream$/,
  open: false,
  // It comes twice a second: whoever is silent for so long stands still.
  elsewhere: { silence: 3_000 },
  methods: { GET: streamCensus },
};

/** What somebody should look at. */
export const STRANGE: AdminRoute = {
  path: /^\/inspect\/strange$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: async ({ response, options: { census } }) => answerJson(response, 200, await census.strange()),
  },
};

function streamCensus({ request, response, query, options }: AdminExchange): void {
  const filter = readFilter(query);
  streamEvents(request, response, (stream) => {
    const stop = options.census.follow(filter, (census) => stream.send(census, 'census'));
    if (stop !== null) return stop;
    throw new HoldfastError('resource_exhausted', 'as many census streams as may be are open already');
  });
}

function readFilter(query: URLSearchParams): CensusFilter {
  return readQuery(query, ['node', 'transport', 'protocol', 'namespace', 'user', 'room']);
}
