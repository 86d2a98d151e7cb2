import type { Socket } from '../socket/socket.ts';
import type { CommandLetter, ReturnAddress } from './letter.ts';
import { NOBODY } from './target.ts';

/**
 * The sockets of one letter that are changing nodes: those that left are sent after, those that have just come wait for
 * what their old home passes on.
 */
export class Detour {
  readonly letter: CommandLetter;
  /** Sockets by the node they went to. */
  private readonly gone = new Map<number, { sockets: string[]; passOn: (letter: CommandLetter) => void }>();

  constructor(letter: CommandLetter) {
    this.letter = letter;
  }

  /** True when the letter is not for this node to carry out, as far as this socket is concerned. */
  takes(socket: Socket): boolean {
    const { move } = socket.connection;
    if (move === null) return false;
    const { letter } = this;
    if (move.kind === 'departure') {
      this.follow(move.to, socket.id, (one) => move.passOn(one));
      return true;
    }
    if (letter.passedBy !== undefined) {
      move.passed(socket.id, letter.id);
      return false;
    }
    if (!move.withholds(letter)) return false;
    move.hold(socket.id, this.restricted([socket.id], null));
    return true;
  }

  /** A socket that has left earlier. */
  follow(node: number, socket: string, passOn: (letter: CommandLetter) => void): void {
    const known = this.gone.get(node);
    if (known === undefined) this.gone.set(node, { sockets: [socket], passOn });
    else known.sockets.push(socket);
  }

  /** Nodes that will answer as well, when the letter asks for an answer. */
  get also(): readonly number[] {
    return [...this.gone.keys()];
  }

  /** @param reply who wants an answer from the nodes that it goes on to; null for nobody */
  sendOn(node: number, reply: ReturnAddress | null): void {
    for (const [to, { sockets, passOn }] of this.gone) {
      passOn({ ...this.restricted(sockets, reply), nodes: [to], passedBy: node });
    }
  }

  /** The letter for one socket that lives elsewhere; nobody waits for an answer. */
  alone(socket: string, node: number, self: number): CommandLetter {
    return { ...this.restricted([socket], null), nodes: [node], passedBy: self };
  }

  private restricted(sockets: string[], reply: ReturnAddress | null): CommandLetter {
    const to = { sockets, users: [], rooms: [], everyone: false };
    return { ...this.letter, command: { ...this.letter.command, to, except: NOBODY }, reply };
  }
}
