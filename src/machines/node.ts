/**
 * The node machine: one process from start to exit.
 *
 * It is the order of a rolling update on Kubernetes ("Pod Lifecycle", "Termination of Pods"): not ready first, then
 * clients leave at a pace, then queues are flushed, then exit 0. Clients are closed on the transport, never by a
 * Socket.IO DISCONNECT, so that stock ones reconnect elsewhere.
 */
import { setup } from 'xstate';
import type { DelayNames, EffectNames, EventOf, GuardNames, MachineDefinition } from './definition.ts';
import {
  NODE_DELAYS,
  NODE_EFFECTS,
  NODE_EVENTS,
  NODE_GUARDS,
  type NodeDelay,
  type NodeEffects,
  type NodeEvent,
  type NodeGuard,
} from './node-vocabulary.ts';

export const nodeMachine = setup({
  types: { events: {} as EventOf<NodeEvent> },
  actions: {} as EffectNames<NodeEffects>,
  guards: {} as GuardNames<NodeGuard>,
  delays: {} as DelayNames<NodeDelay>,
}).createMachine({
  id: 'node',
  description: 'One process that holds connections or serves the push API.',
  initial: 'starting',
  states: {
    starting: {
      description: 'Binding listeners, reaching dependencies. Not ready.',
      on: {
        LISTENING: { target: 'ready' },
        START_FAILED: { target: 'stopped', actions: { type: 'exit', params: { code: 1 } } },
        DRAIN_REQUESTED: { target: 'stopped', actions: { type: 'exit', params: { code: 0 } } },
      },
    },
    ready: {
      description: 'Taking and serving connections.',
      entry: 'acceptConnections',
      on: {
        DRAIN_REQUESTED: [
          { guard: 'holdsConnections', target: 'draining' },
          { target: 'draining.flushing', description: 'Nobody to say goodbye to.' },
        ],
        LEASE_LOST: { target: 'fenced' },
      },
    },
    fenced: {
      description:
        'Another node may bear our number by now: not ready, no new sessions, nothing produced under the number.',
      entry: 'stopAccepting',
      on: {
        LEASE_REGAINED: { target: 'ready' },
        DRAIN_REQUESTED: [{ guard: 'holdsConnections', target: 'draining' }, { target: 'draining.flushing' }],
      },
    },
    draining: {
      description: 'On the way out: not ready, no new sessions.',
      entry: 'stopAccepting',
      initial: 'closing',
      states: {
        closing: {
          description:
            'Connections are closed a few at a time, so that their clients do not come back as a herd.',
          entry: 'closePaced',
          after: {
            drainTimeout: { target: 'flushing', actions: 'closeRest' },
          },
          on: {
            DRAINED: { target: 'flushing' },
            DRAIN_REQUESTED: {
              target: 'flushing',
              actions: 'closeRest',
              description: 'Asked a second time: somebody is in a hurry.',
            },
          },
        },
        flushing: {
          description: 'What was accepted is handed over to the logs.',
          entry: 'flush',
          after: {
            flushTimeout: {
              target: '#node.stopped',
              actions: { type: 'exit', params: { code: 1 } },
              description: 'Something accepted may be lost: say so with the exit code.',
            },
          },
          on: {
            FLUSHED: { target: '#node.stopped', actions: { type: 'exit', params: { code: 0 } } },
          },
        },
      },
    },
    stopped: {
      type: 'final',
      description: 'The process ends.',
    },
  },
});

export const NODE: MachineDefinition<NodeEvent, NodeEffects, NodeGuard, NodeDelay> = {
  machine: nodeMachine,
  events: NODE_EVENTS,
  effects: NODE_EFFECTS,
  guards: NODE_GUARDS,
  delays: NODE_DELAYS,
};
