import uWS, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** `shared` lets several sockets take connections of one port (SO_REUSEPORT), `exclusive` fails if it is taken. */
export type PortUse = 'exclusive' | 'shared';

type ListenWithOptions = (
  host: string,
  port: number,
  options: number,
  done: (socket: us_listen_socket | false) => void,
) => void;

export interface Listening {
  readonly port: number;
  /** Takes no new connections; open ones go on. */
  stop(): void;
}

/** Resolves when the port is bound; rejects with `unavailable` when it cannot be had. */
export function listen(app: TemplatedApp, host: string, port: number, use: PortUse): Promise<Listening> {
  return new Promise((resolve, reject) => {
    // The library's own typings lack this form with a host.
    const bind = app.listen.bind(app) as unknown as ListenWithOptions;
    bind(host, port, use === 'exclusive' ? EXCLUSIVE_PORT : DEFAULT, (socket) => {
      if (!socket) return reject(new HoldfastError('unavailable', `cannot listen on ${host}:${port}`));
      resolve({
        port: uWS.us_socket_local_port(socket),
        stop: () => uWS.us_listen_socket_close(socket),
      });
    });
  });
}

/** The library's `LIBUS_LISTEN_*`. */
const DEFAULT = 0;
const EXCLUSIVE_PORT = 1;
