import type { WebSocketHandle } from '../ports/web-socket.ts';

/** Who asks: one of the WebSockets that are open on another node. */
export interface Asker {
  readonly node: number;
  readonly visit: number;
}

/**
 * A WebSocket that has our sid and is open on another node. That node asks step by step what to do with it: what the
 * machine sends to it, and that it closes it, are the answers.
 */
export class RemoteCandidate implements WebSocketHandle {
  readonly asker: Asker;
  isOpen = true;
  private sent: string | null = null;

  constructor(asker: Asker) {
    this.asker = asker;
  }

  isOf({ node, visit }: Asker): boolean {
    return this.asker.node === node && this.asker.visit === visit;
  }

  /** What was sent since the last question. */
  takeSent(): string | null {
    const { sent } = this;
    this.sent = null;
    return sent;
  }

  send(message: string | Uint8Array): number {
    this.sent = message.toString();
    return 1;
  }

  close(): void {
    this.isOpen = false;
  }

  end(): void {
    this.isOpen = false;
  }

  ping(): number {
    return 1;
  }

  getBufferedAmount(): number {
    return 0;
  }

  subscribe(): boolean {
    return true;
  }

  unsubscribe(): boolean {
    return true;
  }

  cork(callback: () => void): void {
    callback();
  }
}
