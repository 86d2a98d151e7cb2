import type {
  ConnectionDelay,
  ConnectionEffects,
  ConnectionEvent,
  ConnectionGuard,
} from '../../machines/connection-vocabulary.ts';
import type { MachineRunner } from '../machine/machine-runner.ts';

/** The machine that runs every connection of a node. */
export type ConnectionRunner = MachineRunner<
  ConnectionEvent,
  ConnectionEffects,
  ConnectionGuard,
  ConnectionDelay
>;
