import { FLAVOURS, type Flavour } from '../codec/flavour.ts';
import { Room } from './room.ts';
import type { Socket } from './socket.ts';

/** The sockets of one namespace on this node, and its rooms. Members stand in an intrusive list, oldest first. */
export class Namespace {
  readonly name: string;
  readonly rooms = new Map<string, Room>();
  /** Members that the socket library's publish does not reach: those on polling, and those that want base64. */
  readonly polled = new Set<Socket>();
  /** How many members of each flavour subscribe to `topic(flavour)`. */
  readonly subscribers = new Int32Array(FLAVOURS.length);
  /** Sockets that have a place in it or may get one, such as those whose login is being checked. */
  holders = 0;
  first: Socket | null = null;
  last: Socket | null = null;
  size = 0;
  private readonly topics: readonly string[];

  constructor(name: string) {
    this.name = name;
    this.topics = FLAVOURS.map((flavour) => `${flavour}\0${name}`);
  }

  topic(flavour: Flavour): string {
    return this.topics[flavour];
  }

  /** Whether one of its sockets has entered, and not left again. */
  has(socket: Socket): boolean {
    return socket.previous !== null || socket.next !== null || this.first === socket;
  }

  add(socket: Socket): void {
    socket.previous = this.last;
    if (this.last === null) this.first = socket;
    else this.last.next = socket;
    this.last = socket;
    this.size++;
  }

  remove(socket: Socket): void {
    if (socket.previous === null) this.first = socket.next;
    else socket.previous.next = socket.next;
    if (socket.next === null) this.last = socket.previous;
    else socket.next.previous = socket.previous;
    socket.previous = null;
    socket.next = null;
    this.size--;
  }

  room(name: string): Room {
    let room = this.rooms.get(name);
    if (room === undefined) {
      room = new Room(name, this);
      this.rooms.set(name, room);
    }
    return room;
  }
}
