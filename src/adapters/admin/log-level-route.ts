import type { LogLevelControl } from '../../runtime/ports/log-level.ts';
import type { AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';
import { readLevelRequest } from './level-request.ts';
import { readBody } from './request-body.ts';

/** The level of the process, and of users and rooms about which more is to be written for a while. */
export const LOG_LEVEL: AdminRoute = {
  path: /^\/log\/level$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: ({ response, options: { logLevel } }) => answerJson(response, 200, levelsOf(logLevel)),
    PUT: async ({ request, response, options: { logLevel, operations }, from }) => {
      const asked = readLevelRequest(await readBody(request));
      if (asked.focus === null) operations.setLogLevel(asked.level, from);
      else operations.focusLog(asked.focus, asked.level, from);
      answerJson(response, 200, levelsOf(logLevel));
    },
  },
};

/** `{"level"}`, and `focus` while there is any: `{"user" or "room", "level", "until"}`. */
function levelsOf({ level, focuses }: LogLevelControl): object {
  const focus = focuses
    .list()
    .map(({ of, name, level, until }) => ({ [of]: name, level, until: new Date(until).toISOString() }));
  return focus.length === 0 ? { level: level() } : { level: level(), focus };
}
