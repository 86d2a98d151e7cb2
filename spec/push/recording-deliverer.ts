import type { AckResult, Command, EmitCommand } from '../../src/runtime/delivery/command.ts';
import type { Deliverer } from '../../src/runtime/delivery/deliverer.ts';
import type { Target } from '../../src/runtime/delivery/target.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { SocketDescription } from '../../src/runtime/socket-description.ts';

export const SOCKET: SocketDescription = {
  id: '7331',
  user: 'u1',
  namespace: '/',
  rooms: ['doc-1'],
  transport: 'websocket',
  address: '203.0.113.7',
  locale: 'en',
  authType: 'web',
  clientVersion: '4.8.1',
  protocol: 'socket.io/5',
};

/** Notes what it is told to deliver, and answers as the test wants. */
export class RecordingDeliverer implements Deliverer {
  readonly commands: Command[] = [];
  readonly queries: { to: Target; namespace: string | null; pageSize?: number; pageToken?: string }[] = [];
  ackResult: AckResult = { answers: [], acked: 0, expected: 0, missing: [] };
  /** Commands of this event or kind fail as the bus being away. */
  failing = '';

  emit(command: EmitCommand): void | Promise<void> {
    this.#note(command);
  }

  async emitWithAck(command: EmitCommand): Promise<AckResult> {
    this.#note(command);
    return this.ackResult;
  }

  async perform(command: Exclude<Command, EmitCommand>): Promise<number> {
    this.#note(command);
    return 3;
  }

  async list(to: Target, namespace: string | null, pageSize: number, pageToken: string) {
    this.queries.push({ to, namespace, pageSize, pageToken });
    return { sockets: [SOCKET], nextPageToken: 'next' };
  }

  async count(to: Target, namespace: string | null) {
    this.queries.push({ to, namespace });
    return { sockets: 0, users: 0 };
  }

  #note(command: Command): void {
    const name = command.kind === 'emit' ? command.event : command.kind;
    if (name === this.failing) throw new HoldfastError('unavailable', 'the bus is away');
    this.commands.push(command);
  }
}
