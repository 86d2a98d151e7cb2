import type { LogFocusControl, LogLevel, LogLevelControl } from '../../runtime/ports/log-level.ts';
import type { AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { type AskedFocus, readLevelRequest } from './level-request.ts';
import { readBody } from './request-body.ts';

/** The level of the process, and of users and rooms about which more is to be written for a while. */
export const LOG_LEVEL: AdminRoute = {
  path: /^\/log\/level$/,
  open: false,
  methods: {
    GET: ({ response, options: { logLevel } }) => answerJson(response, 200, levelsOf(logLevel)),
    PUT: async ({ request, response, options: { logLevel } }) => {
      const asked = readLevelRequest(await readBody(request));
      if (asked.focus === null) logLevel.setLevel(asked.level);
      else focusOn(logLevel.focuses, asked.focus, asked.level);
      answerJson(response, 200, levelsOf(logLevel));
    },
  },
};

function focusOn(focuses: LogFocusControl, { of, name, milliseconds }: AskedFocus, level: LogLevel | null) {
  if (level === null) focuses.end(of, name);
  else focuses.set(of, name, level, milliseconds);
}

/** `{"level"}`, and `focus` while there is any: `{"user" or "room", "level", "until"}`. */
function levelsOf({ level, focuses }: LogLevelControl): object {
  const focus = focuses
    .list()
    .map(({ of, name, level, until }) => ({ [of]: name, level, until: new Date(until).toISOString() }));
  return focus.length === 0 ? { level: level() } : { level: level(), focus };
}
