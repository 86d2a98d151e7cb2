/**
 * The connection machine: one Engine.IO session from the handshake to the end, on either transport.
 *
 * Engine.IO 4 (and 3) protocol: "Handshake", "Upgrade", "Heartbeat"; packet types 0 open, 1 close, 2 ping,
 * 3 pong, 5 upgrade, 6 noop. EIO4: the server pings. EIO3: the client pings. Plain websockets (`/ws`) use the
 * same machine with RFC 6455 ping frames (§5.5.2) and close frames (§5.5.1).
 *
 * The machine holds no data. Its guards ask the connection's row, its effects write to it, the values of its
 * delays come from the configuration. The reasons for closing are those of `close-reason.ts`.
 */
import { setup } from 'xstate';
import {
  CONNECTION_DELAYS,
  CONNECTION_EFFECTS,
  CONNECTION_EVENTS,
  CONNECTION_GUARDS,
  type ConnectionDelay,
  type ConnectionEffects,
  type ConnectionEvent,
  type ConnectionGuard,
} from './connection-vocabulary.ts';
import type { DelayNames, EffectNames, EventOf, GuardNames, MachineDefinition } from './definition.ts';

export const connectionMachine = setup({
  types: { events: {} as EventOf<ConnectionEvent> },
  actions: {} as EffectNames<ConnectionEffects>,
  guards: {} as GuardNames<ConnectionGuard>,
  delays: {} as DelayNames<ConnectionDelay>,
}).createMachine({
  id: 'connection',
  description: 'One client transport, maybe upgraded: what Engine.IO calls a session.',
  initial: 'handshaking',
  states: {
    handshaking: {
      description: 'The request was accepted; nothing has been sent yet.',
      initial: 'accepted',
      states: {
        accepted: {
          description: 'Socket.IO clients log in per namespace, later. The others may have to do it here.',
          always: [
            { guard: 'authenticatesFirst', target: 'authenticating' },
            { target: '#connection.open', description: 'Nothing to wait for.' },
          ],
        },
        authenticating: {
          description: 'A plain websocket or bare Engine.IO client waits for its login.',
          entry: 'authenticate',
          after: {
            authTimeout: {
              target: '#connection.closing',
              actions: { type: 'beginClose', params: { reason: 'authentication failed' } },
              description: 'Whoever decides about logins did not answer in time.',
            },
          },
          on: {
            AUTHENTICATED: { target: '#connection.open' },
            AUTHENTICATION_FAILED: {
              target: '#connection.closing',
              actions: { type: 'beginClose', params: { reason: 'authentication failed' } },
            },
          },
        },
      },
      on: {
        TRANSPORT_CLOSED: {
          target: 'closed',
          actions: { type: 'acceptEnd', params: { reason: 'transport close' } },
        },
        TRANSPORT_FAILED: {
          target: 'closed',
          actions: { type: 'acceptEnd', params: { reason: 'transport error' } },
        },
        CLOSE_PACKET_RECEIVED: {
          target: 'closed',
          actions: { type: 'cutOff', params: { reason: 'transport close' } },
        },
        PROTOCOL_VIOLATED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'transport error' } },
        },
        PARSE_FAILED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'parse error' } },
        },
        PAYLOAD_TOO_LARGE: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'payload too large' } },
        },
        RATE_LIMIT_EXCEEDED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'rate limit' } },
        },
        SERVER_SHUTTING_DOWN: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'server shutting down' } },
        },
        CLOSE_REQUESTED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'forced server close' } },
        },
        HANDLER_FAILED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'internal error' } },
        },
      },
    },

    open: {
      description: 'Packets flow. Transport, heartbeat and membership change independently of each other.',
      type: 'parallel',
      entry: 'sendOpen',
      exit: 'closeCandidate',
      states: {
        transport: {
          description: 'Which transport carries the packets, and whether a better one is being tried.',
          initial: 'starting',
          states: {
            starting: {
              always: [{ guard: 'startsOnWebsocket', target: 'websocket' }, { target: 'polling' }],
            },
            polling: {
              description: 'HTTP long-polling: GET fetches packets, POST brings them.',
              on: { CANDIDATE_OPENED: { target: 'probing' } },
            },
            probing: {
              description: 'A websocket with our sid is open and has to prove that it carries packets.',
              initial: 'silent',
              after: {
                upgradeTimeout: {
                  target: 'polling',
                  actions: 'closeCandidate',
                  description: 'The candidate goes, the connection stays where it was.',
                },
              },
              states: {
                silent: {
                  description: 'Waiting for `2probe`. An upgrade packet now would skip the proof.',
                  on: {
                    PROBE_RECEIVED: { target: 'answered', actions: 'answerProbe' },
                    UPGRADE_RECEIVED: {
                      target: '#connection.open.transport.polling',
                      actions: 'closeCandidate',
                    },
                  },
                },
                answered: {
                  description:
                    '`3probe` was sent. The client sends its upgrade packet once its pending poll has returned.',
                  after: {
                    noopInterval: {
                      target: 'answered',
                      reenter: true,
                      actions: 'releasePoll',
                      description: 'A poll that came in meanwhile would hold the upgrade back.',
                    },
                  },
                  on: {
                    PROBE_RECEIVED: { actions: 'answerProbe' },
                    UPGRADE_RECEIVED: [
                      {
                        guard: 'candidateIsElsewhere',
                        target: '#connection.open.transport.moving',
                        actions: 'beginMove',
                        description: 'The websocket is on another node: the session goes there.',
                      },
                      {
                        target: '#connection.open.transport.websocket',
                        actions: 'completeUpgrade',
                        description: 'Packet `5`: from here on the websocket is the transport.',
                      },
                    ],
                  },
                },
              },
              on: {
                CANDIDATE_OPENED: { actions: 'refuseCandidate', description: 'One candidate at a time.' },
                CANDIDATE_VIOLATED: {
                  target: 'polling',
                  actions: 'closeCandidate',
                  description: 'Anything but probe and upgrade on the candidate.',
                },
                CANDIDATE_CLOSED: { target: 'polling' },
              },
            },
            moving: {
              description:
                'The client has upgraded on another node, which is being given the session. What is sent meanwhile travels along.',
              after: {
                moveTimeout: {
                  target: '#connection.closing',
                  actions: { type: 'beginClose', params: { reason: 'transport error' } },
                },
              },
              on: {
                CANDIDATE_OPENED: { actions: 'refuseCandidate' },
                CANDIDATE_CLOSED: {
                  target: '#connection.closing',
                  actions: { type: 'beginClose', params: { reason: 'transport close' } },
                  description: 'The client does not poll any more: there is no way back.',
                },
                MOVED: { target: '#connection.moved' },
              },
            },
            websocket: {
              description: 'One frame, one packet, both ways. There is nothing better to upgrade to.',
              on: { CANDIDATE_OPENED: { actions: 'refuseCandidate' } },
            },
          },
        },

        heartbeat: {
          description: 'Finds dead peers within pingInterval + pingTimeout. Any packet is a sign of life.',
          initial: 'starting',
          states: {
            starting: {
              always: [{ guard: 'clientPings', target: 'listening' }, { target: 'calm' }],
            },
            calm: {
              description: 'EIO4: the peer was heard; the next ping is not due yet.',
              after: {
                pingInterval: [
                  { guard: 'adaptive', target: 'unanswered.alert' },
                  { target: 'unanswered.waiting' },
                ],
              },
              on: {
                PING_RECEIVED: {
                  target: '#connection.closing',
                  actions: { type: 'beginClose', params: { reason: 'transport error' } },
                  description: 'In EIO4 only the server pings.',
                },
              },
            },
            unanswered: {
              description: 'EIO4: a ping is out and nothing came back yet.',
              entry: 'sendPing',
              initial: 'waiting',
              after: {
                pingTimeout: {
                  target: '#connection.closing',
                  actions: { type: 'beginClose', params: { reason: 'ping timeout' } },
                },
              },
              states: {
                waiting: {
                  description: 'Static heartbeat: nothing to do but wait.',
                },
                alert: {
                  description: 'Adaptive heartbeat: the answer should be here within `retry`.',
                  after: {
                    retry: {
                      target: 'backingOff',
                      actions: ['dropInterval', 'sendPing'],
                      description: 'A missed beat.',
                    },
                  },
                },
                backingOff: {
                  description: 'Adaptive heartbeat: pings every `retry` until heard or timed out.',
                  after: {
                    retry: { target: 'backingOff', reenter: true, actions: 'sendPing' },
                  },
                },
              },
              on: {
                PONG_RECEIVED: { target: 'calm', actions: 'countBeat' },
                PACKET_RECEIVED: { target: 'calm', actions: 'countBeat' },
                PING_RECEIVED: {
                  target: '#connection.closing',
                  actions: { type: 'beginClose', params: { reason: 'transport error' } },
                },
              },
            },
            listening: {
              description: 'EIO3: the client pings; we only watch how long it has been silent.',
              after: {
                silence: [
                  {
                    guard: 'heardWithinSilence',
                    target: 'listening',
                    reenter: true,
                    description: 'Something came meanwhile: sleep again for the rest.',
                  },
                  {
                    target: '#connection.closing',
                    actions: { type: 'beginClose', params: { reason: 'ping timeout' } },
                  },
                ],
              },
              on: {
                PING_RECEIVED: { actions: 'sendPong' },
                PONG_RECEIVED: {
                  target: '#connection.closing',
                  actions: { type: 'beginClose', params: { reason: 'transport error' } },
                  description: 'In EIO3 only the client pings.',
                },
              },
            },
          },
        },

        membership: {
          description: 'Whether the client makes use of the connection.',
          initial: 'starting',
          states: {
            starting: {
              always: [{ guard: 'joinsImplicitly', target: 'joined' }, { target: 'alone' }],
            },
            alone: {
              description: 'No namespace joined yet.',
              after: {
                connectTimeout: {
                  target: '#connection.closing',
                  actions: { type: 'beginClose', params: { reason: 'connect timeout' } },
                },
              },
              on: { NAMESPACE_JOINED: { target: 'joined' } },
            },
            joined: {
              description: 'At least one namespace.',
              on: { LAST_NAMESPACE_LEFT: { target: 'deserted' } },
            },
            deserted: {
              description:
                'All namespaces left again. As in Socket.IO, the timer is not armed a second time.',
              on: { NAMESPACE_JOINED: { target: 'joined' } },
            },
          },
        },
      },
      on: {
        TRANSPORT_CLOSED: {
          target: 'closed',
          actions: { type: 'acceptEnd', params: { reason: 'transport close' } },
        },
        TRANSPORT_FAILED: {
          target: 'closed',
          actions: { type: 'acceptEnd', params: { reason: 'transport error' } },
        },
        CLOSE_PACKET_RECEIVED: {
          target: 'closed',
          actions: { type: 'cutOff', params: { reason: 'transport close' } },
          description: 'The client has said goodbye: it waits for nothing more.',
        },
        CONSUMER_FELL_BEHIND: {
          target: 'closed',
          actions: { type: 'cutOff', params: { reason: 'slow consumer' } },
          description: 'Whoever does not read would not read a farewell either.',
        },
        PROTOCOL_VIOLATED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'transport error' } },
          description: 'For example two polls at once.',
        },
        PARSE_FAILED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'parse error' } },
        },
        PAYLOAD_TOO_LARGE: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'payload too large' } },
        },
        SESSION_LIMIT_EXCEEDED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'session limit' } },
          description: 'The user has opened a newer session than the limit allows to keep beside this one.',
        },
        RATE_LIMIT_EXCEEDED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'rate limit' } },
        },
        TOKEN_EXPIRED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'token expired' } },
        },
        SERVER_SHUTTING_DOWN: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'server shutting down' } },
          description:
            'The transport closes, never a Socket.IO DISCONNECT, so that clients come back elsewhere.',
        },
        CLOSE_REQUESTED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'forced server close' } },
        },
        HANDLER_FAILED: {
          target: 'closing',
          actions: { type: 'beginClose', params: { reason: 'internal error' } },
          description: 'Our own fault while handling an event of this connection.',
        },
      },
    },

    moved: {
      description: 'The session lives on another node. What still comes for it here is passed on.',
      initial: 'unconfirmed',
      states: {
        unconfirmed: {
          description: 'The other node has not said yet that the session runs there.',
          after: {
            confirmInterval: {
              target: 'unconfirmed',
              reenter: true,
              actions: 'askNewHome',
              description:
                'Its word may have been lost. Nothing is decided here by time: the session may run there.',
            },
          },
          on: {
            SETTLED: {
              target: 'settled',
              actions: 'passOn',
              description: 'Not before: there was nobody to give it to.',
            },
            MOVE_FAILED: {
              target: '#connection.closed',
              actions: { type: 'acceptEnd', params: { reason: 'transport error' } },
              description: 'It never arrived: the session is lost, and its sockets get their farewell.',
            },
          },
        },
        settled: {
          after: {
            strayTime: [{ guard: 'awaitsAcks', target: 'settled', reenter: true }, { target: 'emptying' }],
          },
          on: { SERVER_SHUTTING_DOWN: { target: 'emptying' } },
        },
        emptying: {
          description: 'Nobody sends here any more; what is still on its way is waited for.',
          entry: 'awaitStrays',
          after: { strayTimeout: { target: '#connection.gone' } },
          on: { STRAYS_READ: { target: '#connection.gone' } },
        },
      },
    },

    gone: {
      type: 'final',
      description: 'Nothing of a session that moved is left here.',
      entry: 'vanish',
    },

    closing: {
      description: 'The farewell is on its way; waiting for the end of the transport. Packets are ignored.',
      after: {
        closeTimeout: {
          target: 'closed',
          actions: 'tearDown',
          description: 'Some clients ignore a close frame and notice only the end of the TCP connection.',
        },
      },
      on: {
        POLL_RECEIVED: { actions: 'closePoll', description: 'The poll takes the rest and the close packet.' },
        TRANSPORT_CLOSED: { target: 'closed' },
        TRANSPORT_FAILED: { target: 'closed' },
        CONSUMER_FELL_BEHIND: { target: 'closed', actions: 'tearDown' },
        HANDLER_FAILED: { target: 'closed', actions: 'tearDown' },
      },
    },

    closed: {
      type: 'final',
      description: 'Over. The reason was noted on the way here.',
      entry: 'release',
    },
  },
});

export const CONNECTION: MachineDefinition<
  ConnectionEvent,
  ConnectionEffects,
  ConnectionGuard,
  ConnectionDelay
> = {
  machine: connectionMachine,
  events: CONNECTION_EVENTS,
  effects: CONNECTION_EFFECTS,
  guards: CONNECTION_GUARDS,
  delays: CONNECTION_DELAYS,
};
