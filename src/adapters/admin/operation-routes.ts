import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { LOG_LEVELS, type LogLevel } from '../../runtime/ports/log-level.ts';
import type { AdminRoute } from './admin-route.ts';
import { answer, answerJson } from './answer.ts';
import { readBody } from './request-body.ts';

export const METRICS: AdminRoute = {
  path: /^\/metrics$/,
  open: false,
  methods: {
    GET: async ({ response, options: { metrics } }) => {
      answer(response, 200, metrics.contentType, await metrics.scrape());
    },
  },
};

export const VERSION: AdminRoute = {
  path: /^\/version$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: ({ response, options: { version } }) => {
      const { version: node, platform, arch } = process;
      const uptimeSeconds = Math.floor(process.uptime());
      answerJson(response, 200, { name: 'holdfast', version, node, platform, arch, uptimeSeconds });
    },
  },
};

/** `{"level":"debug"}` or just `debug`. */
export const LOG_LEVEL: AdminRoute = {
  path: /^\/log\/level$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: ({ response, options: { logLevel } }) => answerJson(response, 200, { level: logLevel.level() }),
    PUT: async ({ request, response, options: { logLevel, operations }, from }) => {
      operations.setLogLevel(readLevel(await readBody(request)), from);
      answerJson(response, 200, { level: logLevel.level() });
    },
  },
};

function readLevel(body: string): LogLevel {
  const text = body.trim();
  let named: unknown = text;
  if (/^["{[]/.test(text)) {
    try {
      const json: unknown = JSON.parse(text);
      named = typeof json === 'object' && json !== null ? (json as { level?: unknown }).level : json;
    } catch {
      throw new HoldfastError('invalid_argument', 'the body is not JSON; send {"level":"debug"} or debug');
    }
  }
  const level = LOG_LEVELS.find((candidate) => candidate === named);
  if (level !== undefined) return level;
  const shown = JSON.stringify(named)?.slice(0, 60) ?? 'nothing';
  throw new HoldfastError('invalid_argument', `level: ${shown} must be one of ${LOG_LEVELS.join(', ')}`);
}
