import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { askGateways } from './ask-gateways.ts';
import { readBody } from './request-body.ts';

/** `{"reason":"forced server close"}`, or one of the other reasons that are an operator's to give. */
export const CLOSE_CONNECTION: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/close$/,
  open: false,
  elsewhere: {},
  methods: {
    POST: async ({ request, response, params: [id = ''], options: { operations }, from }) => {
      const reason = await readReason(request);
      operations.closeConnection(id, reason, from);
      answerJson(response, 200, { closed: 1 });
    },
  },
};

/** The same for all connections of a user on all nodes, or on the one that `node` names. */
export const CLOSE_USER: AdminRoute = {
  path: /^\/inspect\/users\/([^/]{1,4000})\/close$/,
  open: false,
  elsewhere: {},
  methods: {
    POST: async (exchange) => {
      const { request, response, params, options, isForThisOnly, from } = exchange;
      const reason = await readReason(request);
      const path = `/inspect/users/${params[0]}/close`;
      const here = options.operations.closeUser(nameOf(params[0] ?? ''), reason, from);
      const asked = { method: 'POST', path, body: JSON.stringify({ reason }) };
      const others = isForThisOnly ? [] : await askGateways<{ closed: number }>(exchange, asked);
      answerJson(response, 200, {
        closed: others.reduce((sum, { body }) => sum + (body?.closed ?? 0), here),
        unreachable: others.flatMap(({ node, body }) => (body === null ? [node] : [])),
      });
    },
  },
};

/** Begins what SIGTERM begins. */
export const DRAIN: AdminRoute = {
  path: /^\/inspect\/drain$/,
  open: false,
  elsewhere: {},
  methods: {
    POST: async ({ request, response, options: { operations }, from }) => {
      await readJson(request);
      answerJson(response, 202, { draining: true });
      operations.drain(from);
    },
  },
};

async function readReason(request: IncomingMessage): Promise<string> {
  const { reason } = await readJson(request);
  if (typeof reason !== 'string') {
    throw new HoldfastError('invalid_argument', 'reason is missing; send {"reason":"forced server close"}');
  }
  return reason;
}

async function readJson(request: IncomingMessage): Promise<{ readonly reason?: unknown }> {
  // A web page may send a POST to wherever it likes, but not of this type without asking first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new HoldfastError('invalid_argument', 'Content-Type must be application/json');
  }
  const text = await readBody(request);
  try {
    const body: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // Said below.
  }
  throw new HoldfastError('invalid_argument', 'the body is not a JSON object');
}

function nameOf(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    throw new HoldfastError('invalid_argument', 'the name of the user is not well encoded');
  }
}
