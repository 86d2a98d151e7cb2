import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { readBody } from './request-body.ts';

/** `{"reason":"forced server close"}`, or one of the other reasons that are an operator's to give. */
export const CLOSE_CONNECTION: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/close$/,
  open: false,
  methods: {
    POST: async ({ request, response, params: [id = ''], options: { operations } }) => {
      const reason = await readReason(request);
      operations.closeConnection(id, reason, fromOf(request));
      answerJson(response, 200, { closed: 1 });
    },
  },
};

/** The same for all connections of a user on this node. */
export const CLOSE_USER: AdminRoute = {
  path: /^\/inspect\/users\/([^/]{1,400})\/close$/,
  open: false,
  methods: {
    POST: async ({ request, response, params: [user = ''], options: { operations } }) => {
      const reason = await readReason(request);
      answerJson(response, 200, { closed: operations.closeUser(nameOf(user), reason, fromOf(request)) });
    },
  },
};

/** Begins what SIGTERM begins. */
export const DRAIN: AdminRoute = {
  path: /^\/inspect\/drain$/,
  open: false,
  methods: {
    POST: async ({ request, response, options: { operations } }) => {
      await readJson(request);
      answerJson(response, 202, { draining: true });
      operations.drain(fromOf(request));
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

function fromOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}
