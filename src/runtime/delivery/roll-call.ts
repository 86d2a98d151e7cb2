import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Absentee, Absentees } from '../ports/absentees.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { EmitCommand } from './command.ts';
import type { Target } from './target.ts';

interface Look {
  readonly nodes: readonly number[];
  readonly found: readonly Absentee[];
}

const NOTHING: Look = { nodes: [], found: [] };

/**
 * The sockets that were to acknowledge and live on nodes that do not answer. They are looked up before time is up: a node
 * that has died may be buried by then, and its sockets forgotten.
 */
export class RollCall {
  private readonly absentees: Absentees;
  private readonly command: EmitCommand;
  private early: Promise<Look> = Promise.resolve(NOTHING);

  constructor(absentees: Absentees, command: EmitCommand) {
    this.absentees = absentees;
    this.command = command;
  }

  /** These have not answered yet. */
  lookOut(silent: readonly number[]): void {
    this.early = this.look(silent).catch(() => NOTHING);
  }

  /** These have not answered in time. Resolves with the public ids of their sockets that were meant. */
  async missing(silent: readonly number[]): Promise<readonly string[]> {
    const early = await this.early;
    const others = silent.filter((node) => !early.nodes.includes(node));
    const late =
      others.length === 0 ? NOTHING : await this.look(others).catch((error) => unknown(others, error));
    const all = [...early.found, ...late.found].filter(({ node }) => silent.includes(node));
    return [...new Set(all.map(({ socket }) => socket.id))];
  }

  private async look(nodes: readonly number[]): Promise<Look> {
    const { to, except, namespace } = this.command;
    const found = await this.absentees.of(nodes, to);
    const isMeant = ({ socket }: Absentee) =>
      bears(socket, to, namespace) && !bears(socket, except, namespace) && canAcknowledge(socket);
    return { nodes, found: found.filter(isMeant) };
  }
}

/** As `Selection` has it, for a socket that is not here. */
function bears({ id, user, rooms, namespace }: SocketDescription, target: Target, within: string): boolean {
  if (target.sockets.includes(id)) return true;
  if (namespace !== within) return false;
  if (target.everyone || target.rooms.includes(id)) return true;
  if (user !== '' && target.users.includes(user)) return true;
  return rooms.some((room) => target.rooms.includes(room));
}

function canAcknowledge({ protocol }: SocketDescription): boolean {
  return protocol.startsWith('socket.io/');
}

function unknown(nodes: readonly number[], cause: unknown): never {
  throw new HoldfastError(
    'deadline_exceeded',
    `node ${nodes.join(', ')} did not answer in time, and who lives there cannot be looked up`,
    { cause },
  );
}
