import { WebSocket } from 'ws';
import { Inbox } from '../support/inbox.ts';
import { DEADLINE, inTime } from './deadline.ts';

/** How a ping frame shows among the packets of a plain WebSocket. */
export const PING_FRAME = '(ping frame)';

/** Close code and text; 1006 when the TCP connection ended without a close frame. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** One raw WebSocket: every frame as it came, in order, and how it ended. It answers nothing by itself. */
export class Channel {
  private readonly ended: Promise<Ending>;
  private readonly socket: WebSocket;
  private readonly inbox = new Inbox<string>();

  /** Rejects with the HTTP status when the server refuses. */
  readonly opened: Promise<void>;

  constructor(url: string) {
    const address = url.replace(/^http/, 'ws');
    const socket = new WebSocket(address, { perMessageDeflate: false, autoPong: false });
    this.socket = socket;
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) => {
        socket.terminate();
        reject(new Error(`refused with ${response.statusCode}`));
      });
      socket.once('error', reject);
    });
    this.opened.catch(() => undefined);
    socket.on('message', (data: Buffer) => this.inbox.put(data.toString()));
    socket.on('ping', () => this.inbox.put(PING_FRAME));
    socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.inbox.end(new Error(`the WebSocket ended with ${code} ${reason.toString()}`));
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Frames that came and were not taken yet. */
  get unread(): number {
    return this.inbox.size;
  }

  next(): Promise<string> {
    return this.inbox.next(DEADLINE);
  }

  /** How it ended, or will. */
  end(): Promise<Ending> {
    return inTime(this.ended, 'the WebSocket has not ended');
  }

  send(...frames: string[]): void {
    for (const frame of frames) this.socket.send(frame);
  }

  pong(): void {
    this.socket.pong();
  }

  /** A text frame that is not UTF-8, which breaks the WebSocket protocol (RFC 6455 §8.1). */
  sendBrokenText(): void {
    this.socket.send(Buffer.of(0xff, 0xfe), { binary: false });
  }

  terminate(): void {
    this.socket.terminate();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }
}
