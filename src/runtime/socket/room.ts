import { FLAVOURS, type Flavour } from '../codec/flavour.ts';
import type { Namespace } from './namespace.ts';
import type { Socket } from './socket.ts';

/**
 * The members of one room of one namespace on this node.
 *
 * A small room is written to socket by socket. Once it has grown to `PUBLISHED_FROM` members it is *published*:
 * its WebSocket members subscribe to its topics and the socket library does the writing. It stays so until it is
 * empty, because going back and forth costs more than it saves.
 */
export class Room {
  static readonly PUBLISHED_FROM = 64;

  readonly name: string;
  readonly namespace: Namespace;
  readonly members = new Set<Socket>();
  published = false;
  /** How many members of each flavour subscribe to `topic(flavour)`; all zero until published. */
  readonly subscribers: Int32Array | null = null;

  constructor(name: string, namespace: Namespace) {
    this.name = name;
    this.namespace = namespace;
  }

  topic(flavour: Flavour): string {
    return `${flavour}\0${this.namespace.name}\0${this.name}`;
  }

  publish(): void {
    this.published = true;
    (this as { subscribers: Int32Array | null }).subscribers = new Int32Array(FLAVOURS.length);
  }
}
