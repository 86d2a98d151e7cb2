import type { CloseReason } from '../../machines/close-reason.ts';
import type { AttachmentAssembler } from '../codec/attachment-assembler.ts';
import type { Frame } from '../codec/engine-packet.ts';
import type { Flavour } from '../codec/flavour.ts';
import type { Arrival } from '../handover/arrival.ts';
import type { Departure } from '../handover/departure.ts';
import type { Poll } from '../ports/poll.ts';
import type { WebSocketHandle } from '../ports/web-socket.ts';
import type { Socket } from '../socket/socket.ts';
import type { Handshake } from './handshake.ts';

/**
 * The object half of a connection (one Engine.IO session); the other half is its row in typed arrays
 * (`ConnectionTable`) and in the compiled machine. Pooled: made by `ConnectionTable.get`, given back by `put`,
 * nowhere else.
 */
export class Connection {
  /** Index into every table about connections. Stable while the connection lives, then reused. */
  readonly row: number;
  /** The Snowflake that the `sid` carries, as two unsigned numbers. */
  idHigh = 0;
  idLow = 0;
  flavour: Flavour;
  handshake: Handshake;
  /** The WebSocket that packets travel on; null while the transport is polling. */
  webSocket: WebSocketHandle | null = null;
  /** Whether the transport is a WebSocket, or was one when it ended. */
  isOnWebSocket = false;
  /** A WebSocket that has our sid but has not finished its probe. */
  candidate: WebSocketHandle | null = null;
  /** The GET that waits for packets. */
  poll: Poll | null = null;
  /** A POST is being received; a second one is a protocol error. */
  posting = false;
  /** Packets not yet handed to a transport, oldest first; null when there are none. */
  outbox: Frame[] | null = null;
  /** The first namespace joined; nearly every connection has just this one. */
  socket: Socket | null = null;
  moreSockets: Socket[] | null = null;
  /** A binary packet whose attachments have not all arrived. */
  assembler: AttachmentAssembler | null = null;
  /** Set while the session is on its way to another node, or has just come from one. */
  move: Departure | Arrival | null = null;
  /** Why it ends; set once, when closing begins. */
  reason: CloseReason | null = null;

  constructor(row: number, flavour: Flavour, handshake: Handshake) {
    this.row = row;
    this.flavour = flavour;
    this.handshake = handshake;
  }

  socketIn(namespace: string): Socket | null {
    if (this.socket !== null && this.socket.namespace.name === namespace) return this.socket;
    if (this.moreSockets === null) return null;
    return this.moreSockets.find((socket) => socket.namespace.name === namespace) ?? null;
  }

  addSocket(socket: Socket): void {
    if (this.socket === null) this.socket = socket;
    else if (this.moreSockets === null) this.moreSockets = [socket];
    else this.moreSockets.push(socket);
  }

  removeSocket(socket: Socket): void {
    if (this.socket === socket) {
      this.socket = this.moreSockets?.shift() ?? null;
    } else if (this.moreSockets !== null) {
      const index = this.moreSockets.indexOf(socket);
      if (index >= 0) this.moreSockets.splice(index, 1);
    }
    if (this.moreSockets?.length === 0) this.moreSockets = null;
  }
}
