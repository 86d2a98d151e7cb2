import type { Flavour } from '../codec/flavour.ts';
import { Connection } from './connection.ts';
import type { Handshake } from './handshake.ts';

const INITIAL_ROWS = 1024;

/**
 * The rows of all connections, and the pool of their objects: `get` and `put` are the only way in and out.
 * Columns that the hot path reads are typed arrays indexed by row; they double when rows run out.
 */
export class ConnectionTable {
  /** When the last packet came, on the timing wheel's scale (ms). */
  lastSeen = new Float64Array(INITIAL_ROWS);
  /** Since when output has been waiting without the peer having caught up once; 0 while nothing waits (ms). */
  behindSince = new Float64Array(INITIAL_ROWS);
  /** Bytes in `outbox`. */
  queuedBytes = new Int32Array(INITIAL_ROWS);
  /** Current distance of heartbeats (ms); moves only when they are adaptive. */
  interval = new Int32Array(INITIAL_ROWS);
  /** Good beats since the interval last changed. */
  goodBeats = new Uint16Array(INITIAL_ROWS);
  /** Bit field of `Flag`. */
  flags = new Uint8Array(INITIAL_ROWS);
  size = 0;

  private readonly connections: (Connection | undefined)[] = [];
  private readonly free: Connection[] = [];
  private capacity = INITIAL_ROWS;

  /** Rows handed out so far; every live row is below it. */
  get rows(): number {
    return this.connections.length;
  }

  /** The connection in this row, or undefined when the row is free. */
  at(row: number): Connection | undefined {
    return this.connections[row];
  }

  get(flavour: Flavour, handshake: Handshake): Connection {
    this.size++;
    const pooled = this.free.pop();
    if (pooled !== undefined) {
      pooled.flavour = flavour;
      pooled.handshake = handshake;
      pooled.reason = null;
      this.connections[pooled.row] = pooled;
      return pooled;
    }
    const row = this.connections.length;
    if (row === this.capacity) this.grow();
    const connection = new Connection(row, flavour, handshake);
    this.connections.push(connection);
    return connection;
  }

  put(connection: Connection): void {
    const { row } = connection;
    connection.webSocket = null;
    connection.isOnWebSocket = false;
    connection.candidate = null;
    connection.poll = null;
    connection.posting = false;
    connection.outbox = null;
    connection.socket = null;
    connection.moreSockets = null;
    connection.assembler = null;
    connection.move = null;
    connection.handshake = NO_HANDSHAKE;
    // Whoever holds on to it finds out that its connection is gone.
    connection.idHigh = 0;
    connection.idLow = 0;
    // The reason stays: whoever is still in the middle of handling the connection sees that it is over.
    this.behindSince[row] = 0;
    this.queuedBytes[row] = 0;
    this.goodBeats[row] = 0;
    this.flags[row] = 0;
    this.connections[row] = undefined;
    this.free.push(connection);
    this.size--;
  }

  private grow(): void {
    this.capacity *= 2;
    this.lastSeen = grown(this.lastSeen, this.capacity);
    this.behindSince = grown(this.behindSince, this.capacity);
    this.queuedBytes = grown(this.queuedBytes, this.capacity);
    this.interval = grown(this.interval, this.capacity);
    this.goodBeats = grown(this.goodBeats, this.capacity);
    this.flags = grown(this.flags, this.capacity);
  }
}

/** Facts about a connection that fit in one bit. */
export const Flag = {
  /** Stands in the outbound list of this tick. */
  dirty: 1,
  /** Its polling transport cannot take binary payloads (`b64=1`, JSONP). */
  base64: 2,
  /** Its parser has not shown itself yet: the first packet decides between JSON and msgpack. */
  parserUnknown: 4,
  /** More output waits than may wait; it will be closed at the end of this tick. */
  behind: 16,
  /** A socket has borne the connection's own Snowflake. */
  idTaken: 32,
  /** We have sent a DISCONNECT on it: packets of that namespace may still be on their way. */
  disconnectSent: 64,
  /** The handshake is over and the transport stands. */
  opened: 128,
} as const;

const NO_HANDSHAKE: Handshake = Object.freeze({ address: '', query: '', headers: '' });

function grown<T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(old: T, capacity: number): T {
  const Column = old.constructor as new (length: number) => T;
  const column = new Column(capacity);
  column.set(old as never);
  return column;
}
