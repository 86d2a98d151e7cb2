import type { ConnectionEvent } from '../../machines/connection-vocabulary.ts';

/** The compiled connection machine, as the engine uses it. */
export interface ConnectionMachine {
  start(row: number): void;
  send(row: number, event: ConnectionEvent): void;
  /** Does the row's state react to PACKET_RECEIVED? Most do not, and then nothing needs to be stepped. */
  listens(row: number): boolean;
  isClosing(row: number): boolean;
}
