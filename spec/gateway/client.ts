import type { Connection } from '../../src/runtime/connection/connection.ts';
import type { HandshakeOutcome, Speaks } from '../../src/runtime/connection/engine.ts';
import type { EngineErrorName } from '../../src/runtime/errors/engine-error.ts';
import type { Poll } from '../../src/runtime/ports/poll.ts';
import {
  ACK,
  CONNECT,
  CONNECT_ERROR,
  DISCONNECT,
  EVENT,
  jsonText,
  msgpackBytes,
  type Packet,
  PacketReader,
} from './packets.ts';
import { SimulatedWebSocket } from './simulated-network.ts';
import type { World } from './world.ts';

export interface ClientOptions {
  readonly speaks?: Speaks;
  readonly revision?: 3 | 4;
  readonly transport?: 'websocket' | 'polling';
  readonly parser?: 'json' | 'msgpack';
  readonly base64?: boolean;
  readonly address?: string;
  readonly query?: string;
  readonly headers?: string;
  /** Answers pings (EIO4) or pings by itself when told to (EIO3). */
  readonly answersPings?: boolean;
  /** Asks for packets again as soon as a poll returned. */
  readonly polls?: boolean;
}

export interface ReceivedEvent {
  readonly namespace: string;
  readonly event: string;
  readonly args: readonly unknown[];
  readonly ackId: number;
}

type Message = string | Uint8Array;

/** A GET that waits; a second answer to it is a fault of the server. */
export class SimulatedPoll implements Poll {
  payload: Message | null = null;
  private readonly answered: (payload: Message) => void;

  constructor(answered: (payload: Message) => void) {
    this.answered = answered;
  }

  respond(payload: Message): void {
    if (this.payload !== null) throw new Error('a poll was answered twice');
    this.payload = payload;
    this.answered(payload);
  }
}

/** A small client that speaks in frames: it reacts one tick after it was told something, as over a network. */
export class Client {
  readonly world: World;
  readonly options: Required<ClientOptions>;
  connection: Connection | null = null;
  refusal: EngineErrorName | null = null;
  sid = '';
  open: Record<string, unknown> | null = null;
  webSocket: SimulatedWebSocket | null = null;
  candidate: SimulatedWebSocket | null = null;
  poll: SimulatedPoll | null = null;
  /** Engine.IO packets in the order they came, over whatever transport. */
  readonly frames: Message[] = [];
  /** When each ping came, on the clock's monotonic scale. */
  readonly pings: number[] = [];
  readonly events: ReceivedEvent[] = [];
  readonly acks: { id: number; args: unknown }[] = [];
  /** Namespace → id of our socket in it. */
  readonly sockets = new Map<string, string>();
  readonly errors: { namespace: string; data: unknown }[] = [];
  readonly disconnects: string[] = [];
  /** The server's end of the transport is gone. */
  closed = false;
  closeCode = 0;
  answersPings: boolean;
  polls: boolean;
  /** Answers events that ask for it. Null: stays silent. */
  onAck: ((event: ReceivedEvent) => readonly unknown[] | null) | null = null;
  private reader = new PacketReader();
  private read = 0;
  private reading = false;
  private candidateReads = 0;

  constructor(world: World, options: ClientOptions = {}) {
    this.world = world;
    this.options = {
      speaks: 'socket.io',
      revision: 4,
      transport: 'websocket',
      parser: 'json',
      base64: false,
      address: '203.0.113.7',
      query: '',
      headers: '',
      answersPings: true,
      polls: true,
      ...options,
    };
    this.answersPings = this.options.answersPings;
    this.polls = this.options.polls;
  }

  private get engine() {
    return this.world.gateway.engine;
  }

  /** The id of our socket in `/`. */
  get id(): string {
    return this.sockets.get('/') ?? '';
  }

  get state(): string {
    const { connection, world } = this;
    if (connection === null || this.closed) return 'closed';
    // The object may have gone back to the pool and be somebody else's by now.
    const isOurs =
      world.gateway.connections.at(connection.row) === connection &&
      this.engine.sidOf(connection) === this.sid;
    return isOurs ? world.gateway.runner.stateName(connection.row) : 'closed';
  }

  /** Opens the connection. Only clients that log in before they open come back with a promise worth waiting for. */
  begin(): this {
    const { speaks, revision, base64, address, query, headers } = this.options;
    const outcome = this.engine.handshake({ address, query, headers }, speaks, revision, base64);
    if (outcome instanceof Promise) void outcome.then((settled) => this.opened(settled));
    else this.opened(outcome);
    return this;
  }

  /** Opens the connection and joins a namespace, as stock clients do. */
  join(namespace = '/', auth?: unknown): this {
    this.begin();
    this.world.tick();
    if (this.refusal === null && this.options.speaks === 'socket.io') this.enter(namespace, auth);
    this.world.tick();
    return this;
  }

  enter(namespace = '/', auth?: unknown): void {
    if (this.options.revision === 3 && namespace === '/') return;
    this.packet(CONNECT, namespace, -1, auth);
  }

  emit(event: string, ...args: unknown[]): void {
    this.packet(EVENT, '/', -1, [event, ...args]);
  }

  emitIn(namespace: string, ackId: number, event: string, ...args: unknown[]): void {
    this.packet(EVENT, namespace, ackId, [event, ...args]);
  }

  acknowledge(namespace: string, ackId: number, args: readonly unknown[]): void {
    this.packet(ACK, namespace, ackId, args);
  }

  leave(namespace = '/'): void {
    this.packet(DISCONNECT, namespace, -1, undefined);
  }

  packet(type: number, namespace: string, ackId: number, data: unknown): void {
    if (this.options.parser === 'msgpack') this.message(msgpackBytes(type, namespace, ackId, data));
    else this.message(jsonText(type, namespace, ackId, data));
  }

  /** An Engine.IO message. */
  message(message: Message): void {
    if (this.options.speaks === 'websocket') return this.send(message);
    if (typeof message === 'string') return this.send(`4${message}`);
    if (this.webSocket === null) {
      const base64 = Buffer.from(message).toString('base64');
      return this.send(this.options.revision === 4 ? `b${base64}` : `b4${base64}`);
    }
    this.send(this.options.revision === 4 ? message : Buffer.concat([Buffer.of(4), message]));
  }

  /** A frame, or a POST with this one packet. */
  send(frame: Message): void {
    if (this.connection === null || this.closed) return;
    if (this.webSocket !== null) {
      const bytes = typeof frame === 'string' ? Buffer.from(frame) : Buffer.from(frame);
      this.engine.received(this.connection, this.webSocket, bytes, typeof frame !== 'string');
    } else {
      this.post(this.options.revision === 4 ? String(frame) : `${String(frame).length}:${String(frame)}`);
    }
  }

  /** Posts a payload; null when it was taken. */
  post(payload: string): EngineErrorName | null {
    const connection = this.found();
    if (connection === null) return 'unknownSession';
    const ticket = this.engine.polling.beginPost(connection, false);
    if (typeof ticket === 'string') return ticket;
    return this.engine.polling.post(ticket, Buffer.from(payload), false);
  }

  /** A GET for packets. */
  get(): EngineErrorName | null {
    const connection = this.found();
    if (connection === null) return 'unknownSession';
    const poll = this.newPoll();
    const before = this.poll;
    this.poll = poll;
    const refusal = this.engine.polling.poll(connection, poll);
    if (refusal !== null && this.poll === poll) this.poll = before;
    return refusal;
  }

  abortPoll(): void {
    const { poll, connection } = this;
    if (poll === null || poll.payload !== null || connection === null) return;
    this.poll = null;
    this.closed = true;
    this.engine.polling.aborted(connection, poll);
  }

  /** Opens a WebSocket beside polling. Its frames are read by `candidateFrames`. */
  openCandidate(): SimulatedWebSocket {
    const webSocket = this.newWebSocket();
    this.candidateReads = 0;
    this.candidate = webSocket;
    this.engine.webSocketOpened(this.connection!, webSocket);
    return webSocket;
  }

  sendByCandidate(frame: string, webSocket = this.candidate!): void {
    if (webSocket.open) this.engine.received(this.connection!, webSocket, Buffer.from(frame), false);
  }

  sendByAnyCandidate(frame: string): void {
    if (this.candidate !== null) this.sendByCandidate(frame);
  }

  /** What came over the candidate since the last call. */
  candidateFrames(webSocket = this.candidate!): readonly Message[] {
    const frames = webSocket.arrived.slice(this.candidateReads);
    this.candidateReads = webSocket.arrived.length;
    return frames;
  }

  /** The whole upgrade as stock clients do it: probe, stop polling, upgrade packet once the last poll has returned. */
  upgrade(): void {
    this.openCandidate();
    this.sendByCandidate('2probe');
    this.polls = false;
    this.world.tick();
    // Wait for the pending poll, which the server releases by a noop.
    for (let waited = 0; this.poll !== null && waited < 3; waited++) this.world.advance(100);
    this.completeUpgrade();
  }

  /** Sends the upgrade packet; the candidate is the transport from here on. */
  completeUpgrade(): void {
    const { candidate } = this;
    if (candidate === null || !candidate.open) return;
    this.read = candidate.arrived.length;
    this.webSocket = candidate;
    this.candidate = null;
    this.engine.received(this.connection!, candidate, Buffer.from('5'), false);
    this.arrived();
  }

  /** The peer's machine is gone without a word: nothing is answered any more. */
  die(): void {
    this.answersPings = false;
    this.polls = false;
  }

  hangUp(code = 1000): void {
    if (this.webSocket !== null) this.webSocket.hangUp(code);
    else this.abortPoll();
  }

  private found(): Connection | null {
    const { speaks, revision } = this.options;
    return this.engine.find(this.sid, speaks, revision);
  }

  private opened(outcome: HandshakeOutcome): void {
    if (typeof outcome === 'string') {
      this.engine.refused(outcome);
      this.refusal = outcome;
      this.closed = true;
      return;
    }
    this.connection = outcome;
    this.sid = this.engine.sidOf(outcome);
    if (this.options.transport === 'websocket') {
      this.webSocket = this.newWebSocket();
      this.engine.webSocketOpened(outcome, this.webSocket);
    } else {
      this.poll = this.newPoll();
      this.engine.openedByPolling(outcome, this.poll);
    }
  }

  private newWebSocket(): SimulatedWebSocket {
    const { world } = this;
    const connection = this.connection!;
    const isOurs = (webSocket: SimulatedWebSocket) => webSocket === this.webSocket;
    return new SimulatedWebSocket(
      world.network,
      {
        arrived: () => this.arrived(),
        pinged: () => world.defer(() => this.pong()),
        drained: (webSocket) => this.engine.drained(connection, webSocket),
        dropped: (webSocket) => this.engine.dropped(connection, webSocket),
        closed: (webSocket, code) => {
          if (isOurs(webSocket)) {
            // What the server had written before it ended is read all the same.
            this.receive();
            this.closed = true;
            this.closeCode = code;
          }
          this.engine.webSocketClosed(connection, webSocket, code !== 1002);
        },
      },
      world.maxBackpressure,
    );
  }

  private newPoll(): SimulatedPoll {
    const poll: SimulatedPoll = new SimulatedPoll((payload) => {
      this.world.defer(() => this.polled(poll, payload));
    });
    return poll;
  }

  private polled(poll: SimulatedPoll, payload: Message): void {
    if (this.poll === poll) this.poll = null;
    for (const packet of this.packetsOf(payload)) this.engineer(packet);
    if (this.polls && !this.closed && this.poll === null && this.webSocket === null) this.get();
  }

  private packetsOf(payload: Message): Message[] {
    if (typeof payload !== 'string') throw new Error('only text payloads are asked for');
    if (this.options.revision === 4) return payload.split('\x1e').map((frame) => this.fromBase64(frame));
    const packets: Message[] = [];
    for (let at = 0; at < payload.length; ) {
      const colon = payload.indexOf(':', at);
      const end = colon + 1 + Number(payload.slice(at, colon));
      packets.push(this.fromBase64(payload.slice(colon + 1, end)));
      at = end;
    }
    return packets;
  }

  private arrived(): void {
    if (this.reading) return;
    this.reading = true;
    this.world.defer(() => {
      this.reading = false;
      this.receive();
    });
  }

  private receive(): void {
    const { webSocket } = this;
    if (webSocket === null) return;
    while (this.read < webSocket.arrived.length) {
      const frame = webSocket.arrived[this.read++]!;
      const isOldBinary = typeof frame !== 'string' && this.options.revision === 3;
      this.engineer(isOldBinary ? frame.subarray(1) : this.fromBase64(frame));
    }
  }

  private engineer(frame: Message): void {
    this.frames.push(frame);
    if (this.options.speaks === 'websocket') return;
    if (typeof frame !== 'string') return this.socketPacket(this.reader.read(frame));
    switch (frame[0]) {
      case '0':
        this.open = JSON.parse(frame.slice(1));
        return;
      case '1':
        this.closed = true;
        return;
      case '2':
        this.pings.push(this.world.clock.now());
        this.pong();
        return;
      case '4':
        if (this.options.speaks === 'socket.io') this.socketPacket(this.reader.read(frame.slice(1)));
        return;
      default:
        return;
    }
  }

  private pong(): void {
    if (!this.answersPings || this.connection === null || this.closed) return;
    if (this.options.speaks !== 'websocket') return this.send('3');
    this.engine.ponged(this.connection, this.webSocket!);
  }

  private socketPacket(packet: Packet | null): void {
    if (packet === null) return;
    const { namespace, data, ackId } = packet;
    switch (packet.type) {
      case CONNECT:
        this.sockets.set(namespace, (data as { sid?: string } | undefined)?.sid ?? this.ownId());
        return;
      case DISCONNECT:
        this.sockets.delete(namespace);
        this.disconnects.push(namespace);
        return;
      case EVENT: {
        const [event, ...args] = data as [string, ...unknown[]];
        const received = { namespace, event, args, ackId };
        this.events.push(received);
        if (ackId < 0 || this.onAck === null) return;
        const answer = this.onAck(received);
        if (answer !== null) this.acknowledge(namespace, ackId, answer);
        return;
      }
      case ACK:
        this.acks.push({ id: ackId, args: data });
        return;
      case CONNECT_ERROR:
        this.errors.push({ namespace, data });
        return;
      default:
        throw new Error(`packet of type ${packet.type}`);
    }
  }

  /** In Engine.IO 3 the id in `/` is the sid; the test asks the server for the public one. */
  private ownId(): string {
    return this.connection?.socket?.id ?? '';
  }

  private fromBase64(frame: Message): Message {
    const { speaks, revision } = this.options;
    if (typeof frame !== 'string' || speaks === 'websocket' || !frame.startsWith('b')) return frame;
    return Uint8Array.from(Buffer.from(frame.slice(revision === 4 ? 1 : 2), 'base64'));
  }
}
