import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { readBody } from './request-body.ts';

/** The longest token, and what is written around it. */
const MOST = 20_000;

/** `{"token":"…"}` or `{"id":"…","until":<seconds since 1970>}`. */
export const REVOKE: AdminRoute = {
  path: /^\/tokens\/revoke$/,
  open: false,
  methods: {
    POST: async ({ request, response, options: { tokens } }) => {
      // A web page may send a POST to wherever it likes, but not of this type without asking first.
      if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
        const message = 'Content-Type must be application/json';
        answerJson(response, 415, { code: 'invalid_argument', message });
        return;
      }
      const body = parse(await readBody(request, MOST));
      answerJson(response, 200, await tokens.revoke(body, request.socket.remoteAddress ?? ''));
    },
  },
};

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new HoldfastError('invalid_argument', 'the body is not JSON');
  }
}
