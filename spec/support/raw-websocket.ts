import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Inbox } from './inbox.ts';

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly fin?: boolean;
  /** Reserved bits, 0–7. */
  readonly rsv?: number;
  readonly masked?: boolean;
}

export interface RawOptions {
  /** Neither answer a close frame nor end the connection because of it. */
  readonly ignoreClose?: boolean;
  readonly headers?: readonly string[];
}

/** A WebSocket spoken byte by byte, for frames that no decent library would send. */
export class RawWebSocket {
  readonly socket: Socket;
  readonly #frames = new Inbox<Frame>();
  readonly #options: RawOptions;
  #buffer: Buffer = Buffer.alloc(0);
  #isOpen = false;
  #opened: (status: string) => void = () => undefined;
  readonly closed: Promise<void>;
  /** Close code the server sent, if it did. */
  closeCode: number | null = null;

  private constructor(socket: Socket, options: RawOptions) {
    this.socket = socket;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      const done = () => {
        this.#frames.end(new Error('the connection ended'));
        this.#opened('');
        socket.destroy();
        resolve();
      };
      socket.on('end', done);
      socket.on('close', done);
    });
  }

  /** Resolves with the open connection, or rejects with the status line of the refusal. */
  static async open(url: string, options: RawOptions = {}): Promise<RawWebSocket> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    const raw = new RawWebSocket(socket, options);
    const status = await new Promise<string>((resolve) => {
      raw.#opened = resolve;
      const lines = [
        `GET ${pathname}${search} HTTP/1.1`,
        `Host: ${hostname}:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        ...(options.headers ?? []),
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
    if (!status.includes(' 101 ')) {
      socket.destroy();
      throw new Error(`refused: ${status || 'connection closed'}`);
    }
    return raw;
  }

  static encode({ opcode, payload, fin = true, rsv = 0, masked = true }: Frame): Buffer {
    const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
    const flag = masked ? 0x80 : 0;
    if (payload.length < 126) head.push(flag | payload.length);
    else if (payload.length < 65_536) head.push(flag | 126, payload.length >> 8, payload.length & 255);
    else {
      const length = Buffer.alloc(8);
      length.writeBigUInt64BE(BigInt(payload.length));
      head.push(flag | 127, ...length);
    }
    if (!masked) return Buffer.concat([Buffer.from(head), payload]);
    const mask = randomBytes(4);
    const body = Buffer.from(payload);
    for (let i = 0; i < body.length; i++) body[i]! ^= mask[i & 3]!;
    return Buffer.concat([Buffer.from(head), mask, body]);
  }

  static text(payload: string | Buffer): Buffer {
    return RawWebSocket.encode({ opcode: 1, payload: Buffer.from(payload) });
  }

  send(...frames: Buffer[]): void {
    for (const frame of frames) this.socket.write(frame);
  }

  frame(ms?: number): Promise<Frame> {
    return this.#frames.next(ms);
  }

  async untilClosed(ms = 3000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the connection is still open after ${ms} ms`)), ms);
    });
    await Promise.race([this.closed, late]).finally(() => clearTimeout(timer));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#isOpen) {
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const status = this.#buffer.subarray(0, this.#buffer.indexOf('\r\n')).toString();
      this.#buffer = this.#buffer.subarray(end + 4);
      this.#isOpen = true;
      this.#opened(status);
    }
    for (let frame = this.#next(); frame; frame = this.#next()) {
      if (frame.opcode === 8) this.#onClose(frame);
      else this.#frames.put(frame);
    }
  }

  #onClose(frame: Frame): void {
    this.closeCode = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
    if (this.#options.ignoreClose) return;
    this.socket.end(RawWebSocket.encode({ opcode: 8, payload: frame.payload.subarray(0, 2) }));
  }

  #next(): Frame | null {
    const bytes = this.#buffer;
    if (bytes.length < 2) return null;
    let length = bytes[1]! & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return null;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return null;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    if (bytes.length < at + length) return null;
    this.#buffer = bytes.subarray(at + length);
    return {
      opcode: bytes[0]! & 0x0f,
      fin: (bytes[0]! & 0x80) !== 0,
      rsv: (bytes[0]! >> 4) & 7,
      payload: Buffer.from(bytes.subarray(at, at + length)),
    };
  }
}
