import { SOCKET } from '../../src/machines/socket.ts';
import { type Answers, type Path, Pathfinder, type PathStep, START } from '../machines/paths.ts';
import { CLIENT_KINDS, type ClientKind } from './client-kind.ts';
import { type Route, transitionOf } from './routes.ts';

const finder = new Pathfinder(SOCKET);

/** How a socket comes about: by a CONNECT packet with or without a login, or with a plain WebSocket that logged in. */
const BEGINNINGS: readonly { readonly kind: string; readonly start: Answers }[] = [
  { kind: 'Socket.IO 5, websocket', start: { namespaceKnown: false } },
  { kind: 'Socket.IO 5, websocket', start: { namespaceKnown: true, authenticates: true } },
  { kind: 'Socket.IO 5, polling', start: { namespaceKnown: true, authenticates: true } },
  { kind: 'Socket.IO 5, websocket', start: { namespaceKnown: true, authenticates: false, expires: false } },
  {
    kind: 'plain WebSocket, with login',
    start: { namespaceKnown: true, authenticates: false, expires: true },
  },
];

export function socketRoutes(): Route[] {
  return BEGINNINGS.flatMap(({ kind: name, start }) => {
    const kind = CLIENT_KINDS.find((one) => one.name === name)!;
    const wanted = Object.entries(start);
    const answers = finder
      .starts()
      .filter((said) => wanted.every(([guard, answer]) => said[guard] === answer));
    return finder
      .overEveryTransition(answers)
      .filter(does)
      .map((path) => ({ path, kind, exclusion: exclusionOf(path, kind) }));
  });
}

export function allSocketTransitions(): string[] {
  return [...new Set(finder.overEveryTransition().filter(does).map(transitionOf))];
}

/** The machine reacts to the last event; a renewed token is a reaction although the state stays. */
function does({ steps }: Path): boolean {
  const last = steps.at(-1)!;
  const before = steps.at(-2);
  if (before === undefined) return true;
  const renews = last.event === 'TOKEN_RENEWED' && /^connected\.(un)?limited/.test(before.state);
  return renews || before.state !== last.state || last.effects.length > 0;
}

/** Why this client cannot take this path; null when it can. */
function exclusionOf({ steps }: Path, kind: ClientKind): string | null {
  const reasons = steps.map((step, i) => obstacle(step, steps[i - 1]?.state ?? '', kind));
  return reasons.find((reason) => reason !== null) ?? null;
}

function obstacle({ event, delay }: PathStep, before: string, kind: ClientKind): string | null {
  if (event === START) return null;
  if (delay === 'authTimeout') return 'the deadline of the call to the backend comes first';
  if (before === 'authenticating' && event === 'DISCONNECT_REQUESTED') {
    return 'a socket whose login is not decided cannot be addressed';
  }
  if (before === 'connected.expired' && event !== 'CONNECTION_CLOSED') {
    return 'the connection goes down before anybody could do anything';
  }
  if (event === 'TOKEN_RENEWED' && before === 'connected.unlimited') {
    return 'a login without end has nothing to renew';
  }
  if (kind.speaks === 'websocket' && (event === 'TOKEN_RENEWED' || event === 'CLIENT_DISCONNECTED')) {
    return 'frames of a plain WebSocket are messages, whatever is in them';
  }
  return null;
}
