import { WebSocket } from 'ws';
import { Inbox } from './inbox.ts';
import type { Packet } from './payload.ts';

export interface WebSocketPeerOptions {
  readonly headers?: Record<string, string>;
  readonly origin?: string;
  /**
   * `answer`: pings of an Engine.IO 4 server are answered and not shown; `none`: every frame is shown.
   */
  readonly heartbeat?: 'answer' | 'none';
  readonly compress?: boolean;
}

/** A bare WebSocket client that shows each frame as it came: text as string, binary as bytes. */
export class WebSocketPeer {
  readonly #socket: WebSocket;
  readonly #inbox = new Inbox<Packet>();
  /** Close code and reason, once closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  #isClosed = false;

  private constructor(socket: WebSocket, heartbeat: 'answer' | 'none') {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) return this.#inbox.put(data);
      const text = data.toString();
      if (text === '2' && heartbeat === 'answer') return socket.send('3');
      this.#inbox.put(text);
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#isClosed = true;
        this.#inbox.end(new Error(`the connection closed with ${code} ${reason.toString()}`));
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Resolves when the WebSocket handshake is done; rejects with the HTTP status when it is refused. */
  static open(url: string, options: WebSocketPeerOptions = {}): Promise<WebSocketPeer> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url.replace(/^http/, 'ws'), {
        perMessageDeflate: options.compress ?? false,
        headers: options.headers,
        origin: options.origin,
      });
      const peer = new WebSocketPeer(socket, options.heartbeat ?? 'answer');
      socket.once('open', () => resolve(peer));
      socket.once('unexpected-response', (_request, response) => {
        reject(new RefusedError(response.statusCode ?? 0));
        socket.terminate();
      });
      socket.once('error', reject);
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  send(...packets: Packet[]): void {
    for (const packet of packets) this.#socket.send(packet);
  }

  next(ms?: number): Promise<Packet> {
    return this.#inbox.next(ms);
  }

  /** The next frame, which must be text. */
  async text(ms?: number): Promise<string> {
    const packet = await this.next(ms);
    if (typeof packet !== 'string') throw new Error('a binary frame came where text was due');
    return packet;
  }

  /** Everything that arrives within `ms`. */
  async during(ms: number): Promise<Packet[]> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    const packets: Packet[] = [];
    while (this.#inbox.size > 0) packets.push(await this.#inbox.next());
    return packets;
  }

  /** Resolves when the server closes; fails when it has not within `ms`. */
  async untilClosed(ms = 3000): Promise<{ code: number; reason: string }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the connection is still open after ${ms} ms`)), ms);
    });
    return Promise.race([this.closed, late]).finally(() => clearTimeout(timer));
  }

  /** Stops reading from the socket, as a stuck client does. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close();
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

/** The server answered the WebSocket handshake with an ordinary HTTP response. */
export class RefusedError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the WebSocket handshake was refused with ${status}`);
    this.status = status;
  }
}
