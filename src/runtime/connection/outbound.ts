import { encodeBase64Frame } from '../codec/base64-frame.ts';
import type { Frame } from '../codec/engine-packet.ts';
import { engineRevision } from '../codec/flavour.ts';
import { encodePayloadV3 } from '../codec/payload-v3.ts';
import { encodePayloadV4 } from '../codec/payload-v4.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Clock } from '../ports/clock.ts';
import type { Poll } from '../ports/poll.ts';
import type { Connection } from './connection.ts';
import { type ConnectionTable, Flag } from './connection-table.ts';
import type { PacketObserver } from './packet-observer.ts';

export interface OutboundOptions {
  readonly table: ConnectionTable;
  /** As the engine's: stands still while this process does. */
  readonly clock: Pick<Clock, 'now'>;
  readonly counters: Counters;
  /** Runs `flush` once, after all input of this tick was handled. */
  readonly defer: (flush: () => void) => void;
  /** Bytes that may wait for one connection. */
  readonly maxBytes: number;
  /** Frames of at least this many bytes are compressed; Infinity when compression is off. */
  readonly compressFrom: number;
  /** The connection's peer does not read. Called from `flush`, never while somebody is writing. */
  readonly onBehind: (connection: Connection) => void;
  /** Writing to this connection failed for a reason of ours; the others of the tick go on. */
  readonly onFault: (connection: Connection, error: unknown) => void;
}

/**
 * Output on its way to transports.
 *
 * Frames of one connection leave in the order they were given. Those of one tick leave together: in one corked
 * write on a WebSocket, in one payload on polling, because the system call per socket is what output costs.
 * While a connection's own input is being handled the socket library corks it anyway, so answers go straight out.
 */
export class Outbound {
  /** Frames that had to wait for a poll, ever. */
  kept = 0;
  /** Set it to watch; costs one branch per frame while null. */
  observer: PacketObserver | null = null;
  private readonly options: OutboundOptions;
  private readonly table: ConnectionTable;
  private dirty: Connection[] = [];
  private spare: Connection[] = [];
  private behind: Connection[] = [];
  private scheduled = false;
  /** The connection whose input is being handled and whose WebSocket is therefore corked. */
  private receiving: Connection | null = null;
  private corked: Connection | null = null;
  private readonly writeCorked = () => this.writeOutbox(this.corked!);

  constructor(options: OutboundOptions) {
    this.options = options;
    this.table = options.table;
  }

  /** Call around the handling of a connection's input on its WebSocket. */
  beginReceive(connection: Connection): void {
    this.receiving = connection;
  }

  endReceive(): void {
    this.receiving = null;
  }

  send(connection: Connection, frame: Frame): void {
    if (connection.outbox === null) {
      if (connection.webSocket !== null && connection === this.receiving) {
        this.write(connection, frame);
        return;
      }
      connection.outbox = [frame];
    } else {
      connection.outbox.push(frame);
    }
    this.queued(connection, frame.length);
  }

  sendAll(connection: Connection, frames: readonly Frame[]): void {
    for (let i = 0; i < frames.length; i++) this.send(connection, frames[i]);
  }

  /** Can the transport take a frame now, without letting it wait? What `volatile` asks. */
  isWritable(connection: Connection): boolean {
    if (connection.webSocket !== null) return connection.webSocket.getBufferedAmount() === 0;
    return connection.poll !== null;
  }

  /** A GET came for packets: answer it with what waits, or keep it. */
  poll(connection: Connection, poll: Poll): void {
    connection.poll = poll;
    if (connection.outbox !== null) this.answerPoll(connection);
  }

  /** Hands everything that waits for this connection to its transport now. */
  flushConnection(connection: Connection): void {
    if (connection.outbox === null) return;
    if (connection.webSocket !== null) this.writeOutbox(connection);
    else if (connection.poll !== null) this.answerPoll(connection);
  }

  /**
   * Hands over what this tick has for WebSockets. Must precede a publish, so that order holds across both ways of
   * writing. Polls wait for the end of the tick: the first message would use up the request.
   */
  flushWebSockets(): void {
    this.handOver(false);
  }

  /** Hands over everything of this tick. */
  flush(): void {
    this.handOver(true);
  }

  private handOver(alsoPolls: boolean): void {
    const dirty = this.dirty;
    if (dirty.length === 0) return;
    this.dirty = this.spare;
    for (let i = 0; i < dirty.length; i++) {
      const connection = dirty[i];
      if (!alsoPolls && connection.webSocket === null && connection.outbox !== null) {
        this.dirty.push(connection);
        continue;
      }
      this.table.flags[connection.row] &= ~Flag.dirty;
      try {
        this.handOverOne(connection);
      } catch (error) {
        this.options.onFault(connection, error);
      }
    }
    dirty.length = 0;
    this.spare = dirty;
  }

  private handOverOne(connection: Connection): void {
    if (connection.outbox === null) return;
    if (connection.webSocket === null) {
      if (connection.poll !== null) this.answerPoll(connection);
    } else if (connection.outbox.length === 1) {
      this.writeOutbox(connection);
    } else {
      this.corked = connection;
      connection.webSocket.cork(this.writeCorked);
    }
  }

  /**
   * More waits for this connection than may wait. The verdict is carried out at the end of the tick, because the
   * socket library may be in the middle of a publish, and we in the middle of a room.
   */
  fellBehind(connection: Connection): void {
    const { flags } = this.table;
    if ((flags[connection.row] & Flag.behind) !== 0) return;
    flags[connection.row] |= Flag.behind;
    this.behind.push(connection);
    this.schedule();
  }

  /** The transport did not take a frame, because too much waits already. */
  dropped(connection: Connection): void {
    this.options.counters.add(COUNTER.messagesDropped['slow consumer']);
    this.fellBehind(connection);
  }

  /** The peer has taken everything or something; resets or keeps the time since when it has been behind. */
  drained(connection: Connection): void {
    if (connection.webSocket?.getBufferedAmount() === 0) this.table.behindSince[connection.row] = 0;
  }

  private queued(connection: Connection, bytes: number): void {
    const { table } = this;
    const { row } = connection;
    table.queuedBytes[row] += bytes;
    if (connection.webSocket === null && connection.poll === null) {
      this.kept++;
      if (table.behindSince[row] === 0) table.behindSince[row] = this.options.clock.now();
      if (table.queuedBytes[row] > this.options.maxBytes) this.fellBehind(connection);
      return;
    }
    if ((table.flags[row] & Flag.dirty) !== 0) return;
    table.flags[row] |= Flag.dirty;
    this.dirty.push(connection);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.options.defer(this.endTick);
  }

  private readonly endTick = () => {
    this.scheduled = false;
    this.flush();
    const { behind } = this;
    if (behind.length === 0) return;
    this.behind = [];
    for (const connection of behind) {
      // The flag is gone when the row was given back meanwhile.
      if ((this.table.flags[connection.row] & Flag.behind) !== 0) this.options.onBehind(connection);
    }
  };

  private writeOutbox(connection: Connection): void {
    const outbox = connection.outbox!;
    connection.outbox = null;
    this.table.queuedBytes[connection.row] = 0;
    for (let i = 0; i < outbox.length; i++) {
      if (connection.webSocket === null) return;
      this.write(connection, outbox[i]);
    }
  }

  private write(connection: Connection, packet: Frame): void {
    const base64 = typeof packet !== 'string' && (this.table.flags[connection.row] & Flag.base64) !== 0;
    const frame = base64 ? encodeBase64Frame(packet, engineRevision(connection.flavour)) : packet;
    const compress = frame.length >= this.options.compressFrom;
    const result = connection.webSocket!.send(frame, typeof frame !== 'string', compress);
    this.options.counters.bytesSent += frame.length;
    if (this.observer !== null) this.observer.frameWent(connection, 'websocket', frame);
    if (result === 1) return;
    if (this.table.behindSince[connection.row] === 0) {
      this.table.behindSince[connection.row] = this.options.clock.now();
    }
    if (result === 2) this.fellBehind(connection);
  }

  private payload(connection: Connection, frames: readonly Frame[]): string | Uint8Array {
    if (engineRevision(connection.flavour) === 4) return encodePayloadV4(frames);
    return encodePayloadV3(frames, (this.table.flags[connection.row] & Flag.base64) === 0);
  }

  private answerPoll(connection: Connection): void {
    const poll = connection.poll!;
    const payload = this.payload(connection, connection.outbox!);
    if (this.observer !== null) {
      for (const frame of connection.outbox!) this.observer.frameWent(connection, 'polling', frame);
    }
    connection.outbox = null;
    connection.poll = null;
    this.table.queuedBytes[connection.row] = 0;
    this.table.behindSince[connection.row] = 0;
    this.options.counters.bytesSent += payload.length;
    poll.respond(payload);
  }
}
