import { type Answers, type Path, START } from '../machines/paths.ts';
import { type ClientKind, opening } from './client-kind.ts';
import { isPolling, type Place, placeOf } from './place.ts';

interface Ending {
  readonly event: string;
  readonly answers: Answers;
  readonly before: Place;
  /** The event before this one. */
  readonly previous: string;
  readonly kind: ClientKind;
}

interface Exclusion {
  readonly reason: string;
  readonly holds: (ending: Ending) => boolean;
}

const one = (...events: string[]) => {
  const set = new Set(events);
  return ({ event }: Ending) => set.has(event);
};
const fromClient = one(
  'TRANSPORT_FAILED',
  'CLOSE_PACKET_RECEIVED',
  'PROTOCOL_VIOLATED',
  'PARSE_FAILED',
  'PAYLOAD_TOO_LARGE',
  'RATE_LIMIT_EXCEEDED',
);
const ofASocket = one('SESSION_LIMIT_EXCEEDED', 'TOKEN_EXPIRED', 'HANDLER_FAILED');
const onPlainWebSockets = one(
  'PING_RECEIVED',
  'CLOSE_PACKET_RECEIVED',
  'PARSE_FAILED',
  'CANDIDATE_OPENED',
  'PROTOCOL_VIOLATED',
);

const joinsUnasked = ({ speaks, revision }: ClientKind) => speaks === 'socket.io' && revision === 3;

/** Steps that the machine could make and the world cannot, with the reason. The first that holds counts. */
export const EXCLUSIONS: readonly Exclusion[] = [
  {
    reason: 'there is one node: no candidate is elsewhere, and no session moves',
    holds: ({ event, answers, before }) =>
      one('MOVED', 'SETTLED', 'MOVE_FAILED', 'STRAYS_READ')({ event } as Ending) ||
      answers.candidateIsElsewhere === true ||
      before.transport === 'moving' ||
      before.phase === 'moved',
  },
  {
    reason: 'nothing of a client is read before its login is decided',
    holds: (ending) => ending.before.phase === 'handshaking' && fromClient(ending),
  },
  {
    reason: 'a client whose login is not decided has no socket to disconnect, and no handler runs for it',
    holds: (ending) =>
      ending.before.phase === 'handshaking' && one('CLOSE_REQUESTED', 'HANDLER_FAILED')(ending),
  },
  {
    reason: 'the deadline of the call to the backend is a second shorter, so that its answer speaks first',
    holds: one('authTimeout'),
  },
  {
    reason: 'the guards of a login speak for the client, which is of another kind here',
    holds: ({ event, answers, kind }) =>
      event === 'AUTHENTICATED' &&
      Object.entries(opening(kind)).some(([guard, answer]) => (answers[guard] ?? false) !== answer),
  },
  {
    reason: 'after its login a client is where one without a login is: its paths say the rest',
    holds: ({ event, before, kind }) => kind.logsInFirst && before.phase !== 'handshaking' && event !== START,
  },
  {
    reason: 'a WebSocket closes in the same step as its farewell',
    holds: ({ before, kind }) => before.phase === 'closing' && kind.startsOn === 'websocket',
  },
  {
    reason: 'a closing connection on polling has no transport that could fail',
    holds: (ending) => ending.before.phase === 'closing' && ending.event === 'TRANSPORT_FAILED',
  },
  {
    reason:
      'on polling, a client that broke a rule gets no farewell, and this kind has no other way to closing',
    holds: ({ before, kind }) => before.phase === 'closing' && joinsUnasked(kind),
  },
  {
    reason: 'nothing is sent to a bare client that could wait',
    holds: ({ before, kind }) => before.phase === 'closing' && kind.speaks !== 'socket.io',
  },
  {
    reason: 'without a socket there is no user, no token, no handler',
    holds: (ending) =>
      ending.before.phase === 'open' &&
      ending.before.membership !== 'joined' &&
      ofASocket(ending) &&
      !(ending.event === 'HANDLER_FAILED' && ending.previous === 'LAST_NAMESPACE_LEFT'),
  },
  {
    reason: "the connection's sockets leave before it is closed for one of them",
    holds: ({ event, before, previous }) =>
      event === 'CLOSE_REQUESTED' && (before.membership === 'joined' || previous !== 'LAST_NAMESPACE_LEFT'),
  },
  {
    reason: 'the packet that does this is a sign of life first, which ends the waiting for the pong',
    holds: ({ event, before }) =>
      before.heartbeat === 'unanswered' &&
      (event === 'NAMESPACE_JOINED' ||
        event === 'RATE_LIMIT_EXCEEDED' ||
        event === 'HANDLER_FAILED' ||
        (event === 'PROTOCOL_VIOLATED' && !isPolling(before))),
  },
  {
    reason: 'polling knows no broken transport: a request that is cut off is its end',
    holds: ({ event, before }) => event === 'TRANSPORT_FAILED' && isPolling(before),
  },
  {
    reason: 'on a WebSocket only a second CONNECT breaks a rule, for which a namespace must be joined',
    holds: ({ event, before }) =>
      event === 'PROTOCOL_VIOLATED' && before.transport === 'websocket' && before.membership !== 'joined',
  },
  {
    reason: 'nothing that fills buffers is written to a WebSocket without a namespace',
    holds: ({ event, before }) =>
      event === 'CONSUMER_FELL_BEHIND' && before.transport === 'websocket' && before.membership !== 'joined',
  },
  {
    reason: 'bare clients leave only by closing, and log in first where logins end',
    holds: ({ event, before, kind }) =>
      kind.speaks !== 'socket.io' &&
      (before.membership === 'deserted' ||
        one(
          'SESSION_LIMIT_EXCEEDED',
          'TOKEN_EXPIRED',
          'LAST_NAMESPACE_LEFT',
          'PROTOCOL_VIOLATED',
        )({
          event,
        } as Ending)),
  },
  {
    reason: 'frames of a plain WebSocket are messages, whatever is in them',
    holds: (ending) => ending.kind.speaks === 'websocket' && onPlainWebSockets(ending),
  },
];

/** Why this client cannot take this path in the real world; null when it can. */
export function exclusionOf({ steps }: Path, kind: ClientKind): string | null {
  const last = steps.at(-1)!;
  const before = steps.at(-2);
  const ending: Ending = {
    event: last.delay ?? last.event,
    answers: last.answers,
    before: placeOf(before?.state ?? 'handshaking'),
    previous: before?.event ?? '',
    kind,
  };
  return EXCLUSIONS.find(({ holds }) => holds(ending))?.reason ?? null;
}
