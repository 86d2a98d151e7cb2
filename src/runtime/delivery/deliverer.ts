import type { Patience } from '../ports/mailbox.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { AckResult, Command, EmitCommand } from './command.ts';
import type { Target } from './target.ts';

/**
 * The inner side of the push API: takes commands, finds the nodes that hold the targets, and hands them on.
 *
 * Order: commands given one after the other by one caller reach each socket in that order.
 * Promises reject with `HoldfastError`: `unavailable` and `resource_exhausted` when the bus refuses, `deadline_exceeded`
 * when it did not say.
 */
export interface Deliverer {
  /**
   * Accepted by the bus when it returns (or resolves). Not: received by a client.
   *
   * @param patience with the bus; `asked` unless given
   */
  emit(command: EmitCommand, patience?: Patience): void | Promise<void>;
  /** Resolves when all asked sockets answered or `ack.timeout` passed. */
  emitWithAck(command: EmitCommand): Promise<AckResult>;
  /** Performs a join, leave or disconnect; resolves with the number of sockets it changed or matched. */
  perform(command: Exclude<Command, EmitCommand>): Promise<number>;
  /** One page of sockets in a stable order (by id). `pageToken` is empty at the start and at the end. */
  list(
    to: Target,
    namespace: string | null,
    pageSize: number,
    pageToken: string,
  ): Promise<{ sockets: SocketDescription[]; nextPageToken: string }>;
  count(to: Target, namespace: string | null): Promise<{ sockets: number; users: number }>;
}
