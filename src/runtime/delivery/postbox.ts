import type { Body } from '../codec/body.ts';
import { compareDecimals } from '../identity/snowflake-decimal.ts';
import type { Mailbox } from '../ports/mailbox.ts';
import type { Membership } from '../socket/membership.ts';
import type { Socket } from '../socket/socket.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { Command, DisconnectCommand } from './command.ts';
import type { DeliveryTimes } from './delivery-times.ts';
import type { Answer, AnswerLetter, Letter, ListLetter, ReturnAddress, UserShare } from './letter.ts';
import type { LocalDelivery } from './local-delivery.ts';
import type { Selection } from './selection.ts';
import { Smallest } from './smallest.ts';
import { NOBODY, type Target } from './target.ts';
import { namedUsers } from './user-count.ts';

export interface PostboxOptions {
  readonly mailbox: Mailbox<Letter>;
  /** The node this is. */
  readonly node: number;
  readonly selection: Selection;
  readonly delivery: LocalDelivery;
  readonly times: DeliveryTimes;
  readonly membership: Membership;
  /** Ends a socket's place in its namespace, or its whole connection. */
  readonly disconnect: (socket: Socket, closeConnection: boolean) => void;
  /** Writes the acknowledgement a client asked for. */
  readonly acknowledge: (socket: string, ackId: number, body: Body) => void;
  /** Takes an answer to an inquiry of this node. */
  readonly answered: (letter: AnswerLetter) => void;
  /** An answer could not be posted: whoever asked finds out by its deadline. */
  readonly unanswered: (error: unknown) => void;
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
        return this.answer(letter.reply, this.counted(letter.to, letter.namespace, letter.share));
      case 'answer':
        return this.options.answered(letter);
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
    const found = new Smallest<Socket>(letter.limit, (a, b) => compareDecimals(a.id, b.id));
    this.options.selection.forEach(letter.to, NOBODY, letter.namespace, (socket) => {
      if (letter.after === '' || compareDecimals(socket.id, letter.after) > 0) found.add(socket);
    });
    return found.sorted().map((socket) => socket.snapshot());
  }

  private counted(to: Target, namespace: string | null, share: UserShare | null): Answer {
    let sockets = 0;
    const users = new Set<string>();
    this.options.selection.forEach(to, NOBODY, namespace, (socket) => {
      sockets++;
      if (socket.user !== '') users.add(socket.user);
    });
    const hashes = share === null ? null : namedUsers(users, share);
    return { kind: 'count', sockets, users: users.size, hashes };
  }

  private answer(reply: ReturnAddress | null, answer: Answer): void {
    if (reply === null) return;
    const { mailbox, node: from, unanswered } = this.options;
    try {
      const posted = mailbox.post(reply.node, {
        kind: 'answer',
        correlation: reply.correlation,
        from,
        answer,
      });
      if (posted instanceof Promise) posted.catch(unanswered);
    } catch (error) {
      unanswered(error);
    }
  }
}
