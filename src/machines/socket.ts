/**
 * The socket machine: one client in one namespace on a connection.
 *
 * Socket.IO 5 protocol: "Connection to a namespace" (CONNECT, CONNECT_ERROR) and "Disconnection from a namespace"
 * (DISCONNECT). Over EIO3 the main namespace is joined without a CONNECT packet, and CONNECT_ERROR is ERROR. Bare
 * Engine.IO and plain websocket clients have one socket in `/`.
 */
import { setup } from 'xstate';
import type { DelayNames, EffectNames, EventOf, GuardNames, MachineDefinition } from './definition.ts';
import {
  SOCKET_DELAYS,
  SOCKET_EFFECTS,
  SOCKET_EVENTS,
  SOCKET_GUARDS,
  type SocketDelay,
  type SocketEffects,
  type SocketEvent,
  type SocketGuard,
} from './socket-vocabulary.ts';

export const socketMachine = setup({
  types: { events: {} as EventOf<SocketEvent> },
  actions: {} as EffectNames<SocketEffects>,
  guards: {} as GuardNames<SocketGuard>,
  delays: {} as DelayNames<SocketDelay>,
}).createMachine({
  id: 'socket',
  description: 'One client in one namespace.',
  initial: 'connecting',
  states: {
    connecting: {
      description: 'A CONNECT packet came, or the namespace is joined implicitly.',
      initial: 'resolving',
      states: {
        resolving: {
          description: 'Is the namespace served here?',
          always: [
            { guard: 'namespaceKnown', target: 'admitting' },
            {
              target: '#socket.refused',
              actions: { type: 'refuse', params: { cause: 'invalid namespace' } },
            },
          ],
        },
        admitting: {
          description: 'Is there a login to wait for?',
          always: [
            { guard: 'authenticates', target: '#socket.authenticating' },
            { target: '#socket.connected' },
          ],
        },
      },
    },

    authenticating: {
      description: 'The login is being checked. The backend does not know of the socket yet.',
      entry: 'authenticate',
      after: {
        authTimeout: {
          target: 'refused',
          actions: { type: 'refuse', params: { cause: 'authentication timeout' } },
        },
      },
      on: {
        AUTHENTICATED: { target: 'connected' },
        REFUSED: {
          target: 'refused',
          actions: { type: 'refuse', params: { cause: 'authentication failed' } },
        },
        CLIENT_DISCONNECTED: { target: 'disconnected' },
        DISCONNECT_REQUESTED: { target: 'disconnected', actions: 'sendDisconnect' },
        CONNECTION_CLOSED: { target: 'disconnected' },
      },
    },

    connected: {
      description: 'Events flow between the client and the backend.',
      entry: ['acceptConnect', 'announceConnect'],
      initial: 'checkingToken',
      states: {
        checkingToken: {
          description: 'Does the login end at some time?',
          always: [{ guard: 'expires', target: 'limited' }, { target: 'unlimited' }],
        },
        unlimited: {
          description: 'The login does not end by itself.',
        },
        limited: {
          description: 'The login ends with its token.',
          initial: 'valid',
          after: {
            tokenExpiry: { target: 'expired', actions: 'expireConnection' },
          },
          states: {
            valid: {
              after: {
                tokenWarning: { target: 'expiring', actions: 'warnTokenExpiring' },
              },
            },
            expiring: {
              description: 'The client was told that it needs a new token.',
            },
          },
        },
        expired: {
          description: 'Too late for a new token: the connection below is on its way down.',
          on: {
            TOKEN_RENEWED: {},
          },
        },
      },
      on: {
        TOKEN_RENEWED: { target: '.checkingToken', description: 'Timers start anew with the new expiry.' },
        CLIENT_DISCONNECTED: {
          target: 'disconnected',
          actions: { type: 'announceDisconnect', params: { reason: 'client namespace disconnect' } },
        },
        DISCONNECT_REQUESTED: {
          target: 'disconnected',
          actions: [
            'sendDisconnect',
            { type: 'announceDisconnect', params: { reason: 'server namespace disconnect' } },
          ],
        },
        CONNECTION_CLOSED: {
          target: 'disconnected',
          actions: { type: 'announceDisconnect', params: { reason: null } },
        },
      },
    },

    refused: {
      type: 'final',
      description: 'The client got CONNECT_ERROR. The connection below lives on.',
      entry: 'forget',
    },

    disconnected: {
      type: 'final',
      description: 'Out of the namespace.',
      entry: 'forget',
    },
  },
});

export const SOCKET: MachineDefinition<SocketEvent, SocketEffects, SocketGuard, SocketDelay> = {
  machine: socketMachine,
  events: SOCKET_EVENTS,
  effects: SOCKET_EFFECTS,
  guards: SOCKET_GUARDS,
  delays: SOCKET_DELAYS,
};
