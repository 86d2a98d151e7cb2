import type { Publisher, WebSocketHandle } from '../../src/runtime/ports/web-socket.ts';

type Message = string | Uint8Array;

/** What the owner of a simulated WebSocket hears from it, as the socket library's callbacks would say it. */
export interface WebSocketCallbacks {
  /** Something reached the peer. */
  readonly arrived: () => void;
  readonly pinged: () => void;
  readonly drained: (webSocket: SimulatedWebSocket) => void;
  readonly dropped: (webSocket: SimulatedWebSocket) => void;
  readonly closed: (webSocket: SimulatedWebSocket, code: number) => void;
}

/** The server's end of all WebSockets, and the topics they subscribe to. Publishes leave at the end of a tick. */
export class SimulatedNetwork implements Publisher {
  readonly topics = new Map<string, Set<SimulatedWebSocket>>();
  /** Messages that were published, whoever took them. */
  published = 0;
  private readonly defer: (callback: () => void) => void;
  private readonly waiting = new Set<SimulatedWebSocket>();

  constructor(defer: (callback: () => void) => void) {
    this.defer = defer;
  }

  publish(topic: string, message: Message): boolean {
    this.published++;
    const subscribers = this.topics.get(topic);
    if (subscribers === undefined) return false;
    if (this.waiting.size === 0) this.defer(() => this.drain());
    for (const webSocket of subscribers) {
      webSocket.enqueue(message);
      this.waiting.add(webSocket);
    }
    return true;
  }

  private drain(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const webSocket of waiting) webSocket.drainPublished();
  }
}

/**
 * The server's end of one WebSocket with a peer that takes `budget` bytes before it stops reading (Infinity: a peer
 * that reads). Behaves as uWebSockets.js does: beyond `maxBackpressure` messages are dropped, a direct send lets
 * what was published before go first, and a closed one must not be touched any more.
 */
export class SimulatedWebSocket implements WebSocketHandle {
  /** What arrived at the peer, oldest first. */
  readonly arrived: Message[] = [];
  /** Code and reason of the close frame; null without one. */
  farewell: { code: number; reason: string } | null = null;
  pings = 0;
  open = true;
  private budget: number;
  private readonly network: SimulatedNetwork;
  private readonly callbacks: WebSocketCallbacks;
  private readonly maxBackpressure: number;
  private readonly topics = new Set<string>();
  private readonly published: Message[] = [];
  private buffered: Message[] = [];
  private bufferedBytes = 0;

  constructor(
    network: SimulatedNetwork,
    callbacks: WebSocketCallbacks,
    maxBackpressure: number,
    budget = Number.POSITIVE_INFINITY,
  ) {
    this.network = network;
    this.callbacks = callbacks;
    this.maxBackpressure = maxBackpressure;
    this.budget = budget;
  }

  send(message: Message): number {
    this.check();
    this.drainPublished();
    return this.write(message);
  }

  ping(): number {
    this.check();
    this.pings++;
    if (this.budget > 0) this.callbacks.pinged();
    return 1;
  }

  getBufferedAmount(): number {
    this.check();
    return this.bufferedBytes;
  }

  end(code: number, reason: string): void {
    this.check();
    this.farewell = { code, reason };
    this.shut(code);
  }

  close(): void {
    this.check();
    this.shut(1006);
  }

  subscribe(topic: string): boolean {
    this.check();
    const subscribers = this.network.topics.get(topic) ?? new Set();
    this.network.topics.set(topic, subscribers.add(this));
    this.topics.add(topic);
    return true;
  }

  unsubscribe(topic: string): boolean {
    this.check();
    // The library writes what was published before, then takes the subscriber off.
    this.drainPublished();
    this.leave(topic);
    return this.topics.delete(topic);
  }

  cork(callback: () => void): void {
    this.check();
    callback();
  }

  /** The peer reads `bytes` more, and everything from now on when that is Infinity. */
  read(bytes: number): void {
    this.budget += bytes;
    const before = this.bufferedBytes;
    const { buffered } = this;
    this.buffered = [];
    this.bufferedBytes = 0;
    for (const message of buffered) this.write(message, true);
    if (this.open && this.bufferedBytes < before) this.callbacks.drained(this);
  }

  /** The peer reads nothing more. */
  stopReading(): void {
    this.budget = 0;
  }

  /** The peer, or the line, ends it. */
  hangUp(code = 1000): void {
    if (this.open) this.shut(code);
  }

  enqueue(message: Message): void {
    this.published.push(message);
  }

  drainPublished(): void {
    const messages = this.published.splice(0);
    if (this.open) for (const message of messages) this.write(message);
  }

  private write(message: Message, again = false): number {
    if (!again && this.bufferedBytes > this.maxBackpressure) {
      this.callbacks.dropped(this);
      return 2;
    }
    if (this.buffered.length === 0 && this.budget >= message.length) {
      this.budget -= message.length;
      this.arrived.push(typeof message === 'string' ? message : Uint8Array.from(message));
      this.callbacks.arrived();
      return 1;
    }
    this.buffered.push(typeof message === 'string' ? message : Uint8Array.from(message));
    this.bufferedBytes += message.length;
    return 0;
  }

  private shut(code: number): void {
    if (this.farewell !== null) this.drainPublished();
    this.open = false;
    for (const topic of this.topics) this.leave(topic);
    this.topics.clear();
    this.callbacks.closed(this, code);
  }

  private leave(topic: string): void {
    const subscribers = this.network.topics.get(topic);
    subscribers?.delete(this);
    if (subscribers?.size === 0) this.network.topics.delete(topic);
  }

  private check(): void {
    if (!this.open) throw new Error('Invalid access of closed uWS.WebSocket/SSLWebSocket.');
  }
}
