import type { EnginePacket, Frame } from '../codec/engine-packet.ts';
import { type Flavour, isSocketIo } from '../codec/flavour.ts';
import type { Connection } from '../connection/connection.ts';
import { type ConnectionTable, Flag } from '../connection/connection-table.ts';
import type { PacketObserver, TransportName } from '../connection/packet-observer.ts';
import type { PacketFrame } from '../film/film.ts';
import { socketsOf } from '../handover/travelling-sockets.ts';
import type { Socket } from '../socket/socket.ts';
import type { FilmTape } from './film-tape.ts';
import { bodyOf } from './packet-body.ts';
import { HEAD, typeOfFrame, typeOfPacket } from './packet-type.ts';

export interface PacketRecorderOptions {
  readonly table: ConnectionTable;
  /** `inspect.bodies` */
  readonly bodies: boolean;
  /** The tape of a connection; undefined when nobody watches it. */
  readonly tapeOf: (connection: Connection) => FilmTape | undefined;
  readonly watched: () => Iterable<Connection>;
}

/** Puts packets of watched connections on their tapes. */
export class PacketRecorder implements PacketObserver {
  private readonly options: PacketRecorderOptions;

  constructor(options: PacketRecorderOptions) {
    this.options = options;
  }

  frameCame(connection: Connection, bytes: Uint8Array, isBinary: boolean): void {
    const tape = this.options.tapeOf(connection);
    if (tape === undefined) return;
    const type = typeOfFrame(headOf(bytes), isBinary, connection.flavour, this.isRevealed(connection));
    this.record(tape, connection, 'in', 'websocket', type, bytes, isBinary);
  }

  packetCame(connection: Connection, { type: engineType, binary, bytes, start, end }: EnginePacket): void {
    const tape = this.options.tapeOf(connection);
    if (tape === undefined) return;
    const data = bytes.subarray(start, end);
    const type = typeOfPacket(
      engineType,
      headOf(data),
      binary,
      connection.flavour,
      this.isRevealed(connection),
    );
    this.record(tape, connection, 'in', 'polling', type, data, binary, 1);
  }

  frameWent(connection: Connection, transport: TransportName, frame: Frame): void {
    const tape = this.options.tapeOf(connection);
    if (tape !== undefined) this.recordFrame(tape, connection, transport, frame);
  }

  signCame(connection: Connection, transport: TransportName, type: string, size: number): void {
    this.options.tapeOf(connection)?.record({ kind: 'packet', direction: 'in', transport, type, size });
  }

  signWent(connection: Connection, transport: TransportName, type: string, size: number): void {
    this.options.tapeOf(connection)?.record({ kind: 'packet', direction: 'out', transport, type, size });
  }

  published(reaches: (socket: Socket) => boolean, framesOf: (flavour: Flavour) => readonly Frame[]): void {
    for (const connection of this.options.watched()) {
      for (const socket of socketsOf(connection)) {
        if (!reaches(socket)) continue;
        for (const frame of framesOf(connection.flavour)) this.frameWent(connection, 'websocket', frame);
      }
    }
  }

  private recordFrame(tape: FilmTape, connection: Connection, transport: TransportName, frame: Frame): void {
    const isBinary = typeof frame !== 'string';
    const bytes = isBinary ? frame : Buffer.from(frame);
    const type = typeOfFrame(headOf(bytes), isBinary, connection.flavour, true);
    this.record(tape, connection, 'out', transport, type, bytes, isBinary);
  }

  /** @param ahead bytes of the packet that stand before `bytes` */
  private record(
    tape: FilmTape,
    { flavour }: Connection,
    direction: PacketFrame['direction'],
    transport: TransportName,
    type: string,
    bytes: Uint8Array,
    isBinary: boolean,
    ahead = 0,
  ): void {
    const size = bytes.length + ahead;
    const body = this.options.bodies ? bodyOf(type, bytes, isBinary, isSocketIo(flavour)) : {};
    tape.record({ kind: 'packet', direction, transport, type, size, ...body });
  }

  private isRevealed({ row }: Connection): boolean {
    return (this.options.table.flags[row]! & Flag.parserUnknown) === 0;
  }
}

function headOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD)).toString('latin1');
}
