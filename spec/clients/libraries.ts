import { io as io4 } from 'socket.io-client';
import io2 from 'socket.io-client-2';
import { io as io3 } from 'socket.io-client-3';
import * as msgpack from 'socket.io-msgpack-parser';
import type { ClientSocket } from './client-socket.ts';

/** A stock client library, and how to use it. */
export interface Library {
  readonly name: string;
  /** What backends see in `socket.protocol`. */
  readonly protocol: 'socket.io/5' | 'socket.io/4';
  /** The library sends `user` in its CONNECT payload, or, when it has none, in the query. */
  open(url: string, options: OpenOptions): ClientSocket;
  /** Event that tells of a refused connect, and what came with it. */
  readonly refusal: 'connect_error' | 'error';
  /** Why a socket says it ended when the server disconnected it. */
  readonly hasEmitWithAck: boolean;
}

export interface OpenOptions {
  readonly user: string;
  readonly transports: readonly string[];
  readonly namespace?: string;
  readonly reconnection?: boolean;
  /** The whole CONNECT payload, in place of `user`. */
  readonly auth?: object;
}

function modern(name: string, io: (url: string, options: object) => unknown, extra: object = {}): Library {
  return {
    name,
    protocol: 'socket.io/5',
    refusal: 'connect_error',
    hasEmitWithAck: io === io4,
    open: (url, { user, transports, namespace = '', reconnection = false, auth = { user } }) =>
      io(url + namespace, {
        auth,
        transports,
        reconnection,
        reconnectionDelay: 20,
        forceNew: true,
        ...extra,
      }) as ClientSocket,
  };
}

export const LIBRARIES: readonly Library[] = [
  modern('socket.io-client 4', io4),
  modern('socket.io-client 4 with msgpack', io4, { parser: msgpack }),
  modern('socket.io-client 3', io3),
  modern('socket.io-client 3 with msgpack', io3, { parser: msgpack }),
  {
    name: 'socket.io-client 2',
    protocol: 'socket.io/4',
    refusal: 'error',
    hasEmitWithAck: false,
    open: (url, { user, transports, namespace = '', reconnection = false }) =>
      io2(url + namespace, {
        query: { user },
        transports,
        reconnection,
        reconnectionDelay: 20,
        forceNew: true,
      }),
  },
];

export const TRANSPORTS = [
  { name: 'polling only', transports: ['polling'], settles: 'polling' },
  { name: 'websocket only', transports: ['websocket'], settles: 'websocket' },
  { name: 'upgrade', transports: ['polling', 'websocket'], settles: 'websocket' },
] as const;
