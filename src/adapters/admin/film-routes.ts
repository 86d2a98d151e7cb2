import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { StatelyMirror } from '../../runtime/film/stately-mirror.ts';
import { connectionTables, socketTables } from '../../runtime/machine/compiled-once.ts';
import type { AdminRoute } from './admin-route.ts';
import { answer } from './answer.ts';
import { streamEvents } from './event-stream.ts';
import { unwatchable } from './inspect-routes.ts';

/** What happened to a watched connection, as a file that can be played again. */
export const FILM: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/film$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: ({ response, params: [id = ''], options: { inspector } }) => {
      const film = inspector.film(id);
      if (film === null) {
        throw new HoldfastError('not_found', `there is no film of connection ${id}: it is not watched`);
      }
      response.setHeader('content-disposition', `attachment; filename="holdfast-${id}.film.json"`);
      answer(response, 200, 'application/json', `${JSON.stringify(film)}\n`);
    },
  },
};

/**
 * A connection's machines as the Stately inspector wants to hear of them (server-sent events, each one of its wire
 * format): what is kept of the film first, then everything as it happens.
 */
export const STATELY: AdminRoute = {
  path: /^\/inspect\/connections\/(\d{1,20})\/stately$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: ({ request, response, params: [id = ''], options: { inspector, operations }, from }) => {
      streamEvents(request, response, (stream) => {
        let mirror: StatelyMirror | null = null;
        const stop = inspector.followFilm(
          id,
          (frame) => mirror?.pass(frame),
          () => stream.end('closed'),
        );
        const film = stop === null ? null : inspector.film(id);
        if (stop === null || film === null) return unwatchable(inspector, id);
        operations.watches(id, from);
        const tables = { connection: connectionTables(), socket: socketTables() };
        mirror = new StatelyMirror({ id, start: film.start, tables, say: (event) => stream.send(event) });
        for (const frame of film.frames) mirror.pass(frame);
        return stop;
      });
    },
  },
};
