import type { Answers } from '../machines/paths.ts';

/** One way to speak to the gateway, and what the connection machine's first guards say about it. */
export interface ClientKind {
  readonly name: string;
  readonly speaks: 'socket.io' | 'engine.io' | 'websocket';
  readonly revision: 3 | 4;
  readonly startsOn: 'polling' | 'websocket';
  /** The node makes it log in before the connection opens. */
  readonly logsInFirst: boolean;
}

const socketIo = { speaks: 'socket.io', logsInFirst: false } as const;
const engineIo = { speaks: 'engine.io', logsInFirst: false } as const;
const plain = { speaks: 'websocket', revision: 4, startsOn: 'websocket' } as const;

export const CLIENT_KINDS: readonly ClientKind[] = [
  { name: 'Socket.IO 5, polling', ...socketIo, revision: 4, startsOn: 'polling' },
  { name: 'Socket.IO 5, websocket', ...socketIo, revision: 4, startsOn: 'websocket' },
  { name: 'Socket.IO 4, polling', ...socketIo, revision: 3, startsOn: 'polling' },
  { name: 'Socket.IO 4, websocket', ...socketIo, revision: 3, startsOn: 'websocket' },
  { name: 'Engine.IO 4, polling', ...engineIo, revision: 4, startsOn: 'polling' },
  { name: 'plain WebSocket', ...plain, logsInFirst: false },
  {
    name: 'Engine.IO 4, polling, with login',
    ...engineIo,
    logsInFirst: true,
    revision: 4,
    startsOn: 'polling',
  },
  {
    name: 'Engine.IO 3, polling, with login',
    ...engineIo,
    logsInFirst: true,
    revision: 3,
    startsOn: 'polling',
  },
  {
    name: 'Engine.IO 3, websocket, with login',
    ...engineIo,
    logsInFirst: true,
    revision: 3,
    startsOn: 'websocket',
  },
  { name: 'plain WebSocket, with login', ...plain, logsInFirst: true },
];

/** What the guards of the handshake say of a client of this kind once nothing stands in its way. */
export function opening({ speaks, revision, startsOn }: ClientKind): Answers {
  return {
    startsOnWebsocket: startsOn === 'websocket',
    clientPings: revision === 3,
    joinsImplicitly: speaks !== 'socket.io' || revision === 3,
  };
}

export function startOf(kind: ClientKind): Answers {
  return kind.logsInFirst ? { authenticatesFirst: true } : { authenticatesFirst: false, ...opening(kind) };
}
