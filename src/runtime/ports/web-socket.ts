/**
 * What the runtime needs of an open WebSocket. uWebSockets.js' own object has exactly this shape, so no wrapper
 * stands between the runtime and the library.
 */
export interface WebSocketHandle {
  /** Returns 1 when sent, 0 when it had to be buffered, 2 when it was dropped because the buffer is full. */
  send(message: string | Uint8Array, isBinary?: boolean, compress?: boolean): number;
  /** A WebSocket ping frame; same results as `send`. */
  ping(): number;
  /** Bytes that wait in user space because the peer reads slower than we write. */
  getBufferedAmount(): number;
  /** Close frame, then the end of the TCP connection. */
  end(code: number, reason: string): void;
  /** The end of the TCP connection, at once. What is buffered is lost. */
  close(): void;
  subscribe(topic: string): boolean;
  unsubscribe(topic: string): boolean;
  /** Everything sent inside the callback leaves in one write. */
  cork(callback: () => void): unknown;
}

/** Writes one message to every WebSocket subscribed to `topic`. */
export interface Publisher {
  publish(topic: string, message: string | Uint8Array, isBinary: boolean, compress: boolean): boolean;
}
