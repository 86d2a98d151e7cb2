import { engineRevision } from '../codec/flavour.ts';
import type { Poll } from '../ports/poll.ts';
import type { Connection } from './connection.ts';
import type { Outbound } from './outbound.ts';

/** Ends a waiting poll with one packet, past whatever waits for the transport. */
export function endPoll(outbound: Outbound, connection: Connection, poll: Poll | null, packet: string): void {
  if (poll === null) return;
  outbound.observer?.frameWent(connection, 'polling', packet);
  poll.respond(engineRevision(connection.flavour) === 4 ? packet : `1:${packet}`);
}

/** What a poll that waits at the end is given: a CLOSE packet, or a NOOP when the client itself has said goodbye. */
export function lastWord({ reason }: Connection): string {
  return reason === 'transport close' ? '6' : '1';
}
