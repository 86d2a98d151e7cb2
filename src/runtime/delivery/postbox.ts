import type { Body } from '../codec/body.ts';
import { compareDecimals } from '../identity/snowflake-decimal.ts';
import type { Mailbox } from '../ports/mailbox.ts';
import type { Membership } from '../socket/membership.ts';
import type { Socket } from '../socket/socket.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { Command, DisconnectCommand } from './command.ts';
import type { DeliveryTimes } from './delivery-times.ts';
import type { Answer, Letter, ListLetter, ReturnAddress } from './letter.ts';
import type { LocalDelivery } from './local-delivery.ts';
import type { Selection } from './selection.ts';
import type { Target } from './target.ts';

export interface PostboxOptions {
  readonly mailbox: Mailbox<Letter>;
  readonly selection: Selection;
  readonly delivery: LocalDelivery;
  readonly times: DeliveryTimes;
  readonly membership: Membership;
  /** Ends a socket's place in its namespace, or its whole connection. */
  readonly disconnect: (socket: Socket, closeConnection: boolean) => void;
  /** Writes the acknowledgement a client asked for. */
  readonly acknowledge: (socket: string, ackId: number, body: Body) => void;
  /** Takes an answer to an inquiry of this node. */
  readonly answered: (correlation: number, answer: Answer) => void;
}

/** Reads this node's mailbox: performs what other nodes (or this one) ask, and answers. */
export class Postbox {
  private readonly options: PostboxOptions;

  constructor(options: PostboxOptions) {
    this.options = options;
  }

  receive(letter: Letter): void {
    switch (letter.kind) {
      case 'command':
        return this.perform(letter.command, letter.reply, letter.time);
      case 'acknowledge':
        return this.options.acknowledge(letter.socket, letter.ackId, letter.body);
      case 'list':
        return this.answer(letter.reply, { kind: 'page', sockets: this.page(letter) });
      case 'count':
        return this.answer(letter.reply, this.counted(letter.to, letter.namespace));
      case 'answer':
        return this.options.answered(letter.correlation, letter.answer);
      default:
        return letter satisfies never;
    }
  }

  private perform(command: Command, reply: ReturnAddress | null, time: number): void {
    const { delivery, membership, times } = this.options;
    switch (command.kind) {
      case 'emit':
        times.delivered(time);
        return delivery.emit(command, (result) => this.answer(reply, { kind: 'acks', result }));
      case 'join':
        return this.change(command, reply, (socket) => membership.join(socket, command.rooms));
      case 'leave':
        return this.change(command, reply, (socket) => membership.leave(socket, command.rooms));
      case 'disconnect':
        return this.disconnectAll(command, reply);
      default:
        return command satisfies never;
    }
  }

  private change(
    command: Exclude<Command, { kind: 'emit' }>,
    reply: ReturnAddress | null,
    apply: (socket: Socket) => void,
  ): void {
    const sockets: Socket[] = [];
    this.options.selection.forEach(command.to, command.except, command.namespace, (socket) => {
      sockets.push(socket);
    });
    // Changing rooms while walking them would change who is walked.
    for (const socket of sockets) apply(socket);
    this.answer(reply, { kind: 'changed', sockets: sockets.length });
  }

  private disconnectAll(command: DisconnectCommand, reply: ReturnAddress | null): void {
    this.change(command, reply, (socket) => this.options.disconnect(socket, command.closeConnection));
  }

  private page(letter: ListLetter): SocketDescription[] {
    const found: Socket[] = [];
    this.options.selection.forEach(letter.to, NO_ONE, letter.namespace, (socket) => {
      if (letter.after === '' || compareDecimals(socket.id, letter.after) > 0) found.push(socket);
    });
    found.sort((a, b) => compareDecimals(a.id, b.id));
    return found.slice(0, letter.limit).map((socket) => socket.snapshot());
  }

  private counted(to: Target, namespace: string | null): Answer {
    let sockets = 0;
    const users = new Set<string>();
    this.options.selection.forEach(to, NO_ONE, namespace, (socket) => {
      sockets++;
      if (socket.user !== '') users.add(socket.user);
    });
    return { kind: 'count', sockets, users: users.size };
  }

  private answer(reply: ReturnAddress | null, answer: Answer): void {
    if (reply === null) return;
    void this.options.mailbox.post(reply.node, { kind: 'answer', correlation: reply.correlation, answer });
  }
}

const NO_ONE: Target = { sockets: [], users: [], rooms: [], everyone: false };
