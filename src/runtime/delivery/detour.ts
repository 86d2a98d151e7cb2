import type { Departure } from '../handover/departure.ts';
import type { Socket } from '../socket/socket.ts';
import type { CommandLetter, ReturnAddress } from './letter.ts';
import { NOBODY, type Target } from './target.ts';

/** Who passes on a letter for a socket that it has not had itself. */
const NO_HOME = -1;

interface Followers {
  readonly node: number;
  readonly sockets: string[];
  readonly passOn: (letter: CommandLetter) => void;
}

/**
 * The sockets of one letter that are changing nodes: those that left are sent after, those that have just come wait for
 * what their old home passes on.
 */
export class Detour {
  readonly letter: CommandLetter;
  /** Sockets on their way somewhere, and those that are there, by node: what is sent after them differs in time. */
  private readonly gone = new Map<Departure | number, Followers>();

  constructor(letter: CommandLetter) {
    this.letter = letter;
  }

  /** True when the letter is not for this node to carry out, as far as this socket is concerned. */
  takes(socket: Socket): boolean {
    const { move } = socket.connection;
    if (move === null) return false;
    const { letter } = this;
    if (move.kind === 'departure') {
      const passOn = (one: CommandLetter) => move.passOn(one);
      this.follow(move.isComplete ? move.to : move, move.to, socket.id, passOn);
      return true;
    }
    if (letter.passedBy === move.from) {
      move.passed(socket.id, letter);
      return move.hasGiven(socket.id, letter.id) || !isMeantHere(socket, letter);
    }
    if (move.isBehind(letter.id)) return true;
    if (!move.withholds(socket, letter)) return false;
    move.hold(socket, letter, this.restricted([socket.id], null));
    return true;
  }

  /** A socket that has left for good. */
  followTo(node: number, socket: string, post: (node: number, letter: CommandLetter) => void): void {
    this.follow(node, node, socket, (letter) => post(node, letter));
  }

  /** Nodes that will answer as well, once for each time they are named, when the letter asks for an answer. */
  get also(): readonly number[] {
    return Array.from(this.gone.values(), ({ node }) => node);
  }

  /** @param reply who wants an answer from the nodes that it goes on to; null for nobody */
  sendOn(node: number, reply: ReturnAddress | null): void {
    for (const { node: to, sockets, passOn } of this.gone.values()) {
      const repeats = this.letter.nodes.includes(to);
      passOn({ ...this.restricted(sockets, reply), nodes: [to], passedBy: node, repeats });
    }
  }

  /**
   * The letter for one socket that never lived here in this life of the node, and was found elsewhere; null when it was
   * posted there as well. Nobody waits for an answer, and nobody there waits for it.
   */
  alone(socket: string, node: number): CommandLetter | null {
    if (this.letter.nodes.includes(node)) return null;
    return { ...this.restricted([socket], null), nodes: [node], passedBy: NO_HOME };
  }

  private follow(
    key: Departure | number,
    node: number,
    socket: string,
    passOn: (letter: CommandLetter) => void,
  ): void {
    const known = this.gone.get(key);
    if (known === undefined) this.gone.set(key, { node, sockets: [socket], passOn });
    else known.sockets.push(socket);
  }

  private restricted(sockets: string[], reply: ReturnAddress | null): CommandLetter {
    const { letter } = this;
    const to = { sockets, users: [], rooms: [], everyone: false };
    const command = { ...letter.command, to, except: NOBODY };
    const rooms = letter.rooms ?? justRooms(letter.command.to);
    return { ...letter, command, reply, ...(rooms === null ? {} : { rooms }) };
  }
}

/** A socket may have left a room here, of which its old home does not hear. */
function isMeantHere(socket: Socket, { rooms }: CommandLetter): boolean {
  return rooms === undefined || rooms.some((room) => socket.isIn(room));
}

function justRooms({ everyone, users, sockets, rooms }: Target): readonly string[] | null {
  return everyone || users.length + sockets.length > 0 ? null : rooms;
}
