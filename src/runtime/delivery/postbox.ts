import type { Body } from '../codec/body.ts';
import type { LateCopies } from '../handover/late-copies.ts';
import type { LettersSeen } from '../handover/letters-seen.ts';
import type { Tombstones } from '../handover/tombstones.ts';
import { compareDecimals } from '../identity/snowflake-decimal.ts';
import type { Mailbox } from '../ports/mailbox.ts';
import type { Membership } from '../socket/membership.ts';
import type { Socket } from '../socket/socket.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { DeliveryTimes } from './delivery-times.ts';
import { Detour } from './detour.ts';
import type {
  AckedLetter,
  AcknowledgeLetter,
  Answer,
  AnswerLetter,
  CommandLetter,
  FencedLetter,
  FenceLetter,
  Letter,
  ListLetter,
  MovedLetter,
  ReturnAddress,
  UserShare,
} from './letter.ts';
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
  /** The socket with this public id, if it is here or has just left. */
  readonly find: (id: string) => Socket | undefined;
  readonly tombstones: Tombstones;
  readonly lettersSeen: LettersSeen;
  readonly lateCopies: LateCopies;
  /** Looks a socket up that is not here and left no trace: this node may have been another incarnation when it left. */
  readonly whereabouts: (socket: string, found: (node: number) => void) => void;
  readonly post: (node: number, letter: Letter) => void;
  /** A client acknowledged, on another node, what this one asked it for. */
  readonly acked: (letter: AckedLetter) => void;
  /** All that was on its way to a session that left has been read. */
  readonly straysRead: (connection: string) => void;
  /** The old home of a session that came passes nothing more on. */
  readonly windowClosed: (connection: string) => void;
  /** Takes what others write to this node's dispatcher. */
  readonly dispatched: (letter: AnswerLetter | FencedLetter | MovedLetter) => void;
  /** Sockets that live here and were born elsewhere. */
  readonly residents: () => readonly string[];
  /** An answer could not be posted: whoever asked finds out by its deadline. */
  readonly unanswered: (error: unknown) => void;
}

/** Sockets named in one letter: a bus has a limit to their size. */
const RESIDENTS_AT_ONCE = 5_000;

/** Reads this node's mailbox: performs what other nodes (or this one) ask, and answers. */
export class Postbox {
  private readonly options: PostboxOptions;
  private detour: Detour | null = null;

  constructor(options: PostboxOptions) {
    this.options = options;
  }

  receive(letter: Letter): void {
    switch (letter.kind) {
      case 'command':
        return this.perform(letter);
      case 'acknowledge':
        return this.acknowledge(letter);
      case 'list':
        return this.answer(letter.reply, { kind: 'page', sockets: this.page(letter) });
      case 'count':
        return this.answer(letter.reply, this.counted(letter.to, letter.namespace, letter.share));
      case 'answer':
      case 'fenced':
      case 'moved':
        return this.options.dispatched(letter);
      case 'residents':
        return this.tellResidents(letter.reply);
      case 'acked':
        return this.options.acked(letter);
      case 'straysRead':
        return this.options.straysRead(letter.connection);
      case 'windowClosed':
        return this.options.windowClosed(letter.connection);
      case 'fence':
        return this.fence(letter);
      default:
        return letter satisfies never;
    }
  }

  /** Takes a socket that is changing nodes out of the letter in hand; see `Detour`. */
  setAside(socket: Socket): boolean {
    return this.detour?.takes(socket) ?? false;
  }

  private perform(given: CommandLetter): void {
    const letter =
      given.repeats === true ? this.unrepeated(given) : this.options.lateCopies.withoutGiven(given);
    const { command, reply } = letter;
    const { delivery, membership, times, lettersSeen } = this.options;
    if (letter.passedBy !== undefined) this.giveWhatCameBefore(letter);
    const detour = new Detour(letter);
    this.detour = detour;
    this.followTombstones(detour);
    lettersSeen.add(letter);
    const begun = times.begun();
    switch (command.kind) {
      case 'emit':
        times.took(letter);
        delivery.emit(command, (result) => this.answer(reply, { kind: 'acks', result }, detour.also));
        // Whoever has them now gathers their acknowledgements.
        detour.sendOn(this.options.node, reply);
        break;
      case 'join':
        this.change(letter, detour, (socket) => {
          const { move } = socket.connection;
          if (move?.kind === 'arrival') move.joins(socket, command.rooms, letter.passedBy !== undefined);
          membership.join(socket, command.rooms);
        });
        break;
      case 'leave':
        this.change(letter, detour, (socket) => membership.leave(socket, command.rooms));
        break;
      case 'disconnect':
        this.change(letter, detour, (socket) => this.options.disconnect(socket, command.closeConnection));
        break;
      default:
        command satisfies never;
    }
    if (command.kind !== 'emit') times.carriedOut(letter, begun);
    this.detour = null;
  }

  private giveWhatCameBefore(letter: CommandLetter): void {
    for (const socket of letter.command.to.sockets) {
      const move = this.options.find(socket)?.connection.move;
      if (move?.kind === 'arrival') move.passes(letter);
    }
  }

  /**
   * What an old home passes on and came here directly as well is for sockets that still wait for their old home. Once
   * that was given up for dead they have been given everything.
   */
  private unrepeated(letter: CommandLetter): CommandLetter {
    const { command } = letter;
    const waits = (id: string) => this.options.find(id)?.connection.move?.kind === 'arrival';
    return {
      ...letter,
      command: { ...command, to: { ...command.to, sockets: command.to.sockets.filter(waits) } },
    };
  }

  private change({ command, reply }: CommandLetter, detour: Detour, apply: (socket: Socket) => void): void {
    const here: Socket[] = [];
    let elsewhere = 0;
    this.options.selection.forEach(command.to, command.except, command.namespace, (socket) => {
      const { move } = socket.connection;
      if (move === null || !detour.takes(socket)) {
        here.push(socket);
      } else if (move.kind === 'departure') {
        elsewhere++;
        // What is sent to the room from now on has to find it here, too, to be passed on.
        if (command.kind !== 'disconnect') here.push(socket);
      }
    });
    // Changing rooms while walking them would change who is walked.
    for (const socket of here) apply(socket);
    const both = command.kind === 'disconnect' ? here.length + elsewhere : here.length;
    const later = detour.also.length > 0 && elsewhere === 0;
    this.answer(reply, { kind: 'changed', sockets: both }, later ? detour.also : []);
    // Sockets counted here are not counted again.
    detour.sendOn(this.options.node, later ? reply : null);
  }

  private tellResidents(reply: ReturnAddress): void {
    const { residents, post, node } = this.options;
    const all = residents();
    for (let from = 0; from < all.length; from += RESIDENTS_AT_ONCE) {
      post(reply.node, { kind: 'moved', sockets: all.slice(from, from + RESIDENTS_AT_ONCE), node });
    }
    this.answer(reply, { kind: 'changed', sockets: all.length });
  }

  private acknowledge(letter: AcknowledgeLetter): void {
    if (this.sendAfter(letter)) return;
    this.options.times.took(letter);
    this.options.acknowledge(letter.socket, letter.ackId, letter.body);
  }

  private fence(letter: FenceLetter): void {
    const { socket, number } = letter;
    if (!this.sendAfter(letter)) this.options.post(letter.from, { kind: 'fenced', socket, number });
  }

  /** True when the socket is not here: the letter follows it, as far as anybody knows where it went. */
  private sendAfter(letter: AcknowledgeLetter | FenceLetter): boolean {
    const { find, tombstones, post, whereabouts } = this.options;
    const socket = find(letter.socket);
    if (socket !== undefined) {
      const { move } = socket.connection;
      if (move?.kind !== 'departure') return false;
      move.passOn(letter);
      return true;
    }
    const gone = tombstones.of(letter.socket);
    if (gone !== undefined) post(gone, letter);
    else whereabouts(letter.socket, (node) => post(node, letter));
    return true;
  }

  /** Sockets that are named and have left for good. */
  private followTombstones(detour: Detour): void {
    const { tombstones, find, post, whereabouts } = this.options;
    const sendTo = (node: number, letter: CommandLetter | null) => {
      if (letter !== null) post(node, letter);
    };
    for (const id of detour.letter.command.to.sockets) {
      if (find(id) !== undefined) continue;
      const node = tombstones.of(id);
      if (node !== undefined) detour.followTo(node, id, post);
      else whereabouts(id, (found) => sendTo(found, detour.alone(id, found)));
    }
  }

  private page(letter: ListLetter): SocketDescription[] {
    const found = new Smallest<Socket>(letter.limit, (a, b) => compareDecimals(a.id, b.id));
    this.options.selection.forEach(letter.to, NOBODY, letter.namespace, (socket) => {
      if (socket.isElsewhere) return;
      if (letter.after === '' || compareDecimals(socket.id, letter.after) > 0) found.add(socket);
    });
    return found.sorted().map((socket) => socket.snapshot());
  }

  private counted(to: Target, namespace: string | null, share: UserShare | null): Answer {
    let sockets = 0;
    const users = new Set<string>();
    this.options.selection.forEach(to, NOBODY, namespace, (socket) => {
      if (socket.isElsewhere) return;
      sockets++;
      if (socket.user !== '') users.add(socket.user);
    });
    const hashes = share === null ? null : namedUsers(users, share);
    return { kind: 'count', sockets, users: users.size, hashes };
  }

  private answer(reply: ReturnAddress | null, answer: Answer, also: readonly number[] = []): void {
    if (reply === null) return;
    const { mailbox, node: from, unanswered } = this.options;
    try {
      const posted = mailbox.post(reply.node, {
        kind: 'answer',
        correlation: reply.correlation,
        from,
        also,
        answer,
      });
      if (posted instanceof Promise) posted.catch(unanswered);
    } catch (error) {
      unanswered(error);
    }
  }
}
