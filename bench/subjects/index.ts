import { benchServer } from './bench-server.ts';
import { cluster } from './cluster.ts';
import { holdfast } from './holdfast.ts';
import type { Subject } from './subject.ts';

/** In the order in which they run. */
export const SUBJECTS: readonly Subject[] = [
  benchServer('floor', 'floor.mjs'),
  holdfast,
  benchServer('socket.io-uws', 'socket-io-uws.mjs'),
  benchServer('socket.io-ws', 'socket-io-ws.mjs'),
  cluster('cluster-kafka'),
  cluster('cluster-redis'),
];
