import { pack, unpack } from 'msgpackr';

/** A Socket.IO packet as a client sees it; attachments are back in their places as bytes. */
export interface Packet {
  readonly type: number;
  readonly namespace: string;
  readonly ackId: number;
  readonly data: unknown;
}

export const CONNECT = 0;
export const DISCONNECT = 1;
export const EVENT = 2;
export const ACK = 3;
export const CONNECT_ERROR = 4;

/** Reads the text and binary messages of one Socket.IO connection. */
export class PacketReader {
  private awaited: { packet: Packet; count: number; attachments: Uint8Array[] } | null = null;

  /** Returns the packet that this message completes, or null while attachments are missing. */
  read(message: string | Uint8Array): Packet | null {
    if (typeof message !== 'string') return this.binary(message);
    if (this.awaited !== null) throw new Error('text came while an attachment was awaited');
    const match = /^(\d)(?:(\d+)-)?(?:(\/[^,]*),?)?(\d+)?(.*)$/s.exec(message);
    if (match === null) throw new Error(`no packet: ${message}`);
    const [, type, count, namespace, ackId, data] = match;
    const kind = Number(type) > 4 ? Number(type) - 3 : Number(type);
    const packet: Packet = {
      type: kind,
      namespace: namespace ?? '/',
      ackId: ackId === undefined ? -1 : Number(ackId),
      data: data === '' ? undefined : JSON.parse(data!),
    };
    if (count === undefined) return packet;
    this.awaited = { packet, count: Number(count), attachments: [] };
    return null;
  }

  private binary(message: Uint8Array): Packet | null {
    if (this.awaited === null) return readMsgpack(message);
    this.awaited.attachments.push(message);
    if (this.awaited.attachments.length < this.awaited.count) return null;
    const { packet, attachments } = this.awaited;
    this.awaited = null;
    return { ...packet, data: fill(packet.data, attachments) };
  }
}

export function jsonText(type: number, namespace: string, ackId: number, data: unknown): string {
  const where = namespace === '/' ? '' : `${namespace},`;
  return `${type}${where}${ackId < 0 ? '' : ackId}${data === undefined ? '' : JSON.stringify(data)}`;
}

export function msgpackBytes(type: number, nsp: string, ackId: number, data: unknown): Buffer {
  return pack({ type, nsp, ...(data === undefined ? {} : { data }), ...(ackId < 0 ? {} : { id: ackId }) });
}

function readMsgpack(message: Uint8Array): Packet {
  const { type, nsp, id, data } = unpack(message) as {
    type: number;
    nsp: string;
    id?: number;
    data?: unknown;
  };
  return { type, namespace: nsp, ackId: id ?? -1, data };
}

function fill(value: unknown, attachments: readonly Uint8Array[]): unknown {
  if (Array.isArray(value)) return value.map((one) => fill(one, attachments));
  if (typeof value !== 'object' || value === null) return value;
  if ('_placeholder' in value) return attachments[(value as unknown as { num: number }).num];
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, attachments)]));
}
