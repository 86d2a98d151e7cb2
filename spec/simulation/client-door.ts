import type { Elsewhere } from '../../src/adapters/uws/elsewhere.ts';
import type { Visitor } from '../../src/adapters/uws/visitor.ts';
import type { GatewayRoleOptions } from '../../src/node/gateway-role.ts';
import { limitsFor } from '../../src/node/limits-for.ts';
import type { Surroundings } from '../../src/node/surroundings.ts';
import type { Connection } from '../../src/runtime/connection/connection.ts';
import { closePaced } from '../../src/runtime/connection/paced-close.ts';
import type { EngineErrorName } from '../../src/runtime/errors/engine-error.ts';
import { Gateway } from '../../src/runtime/gateway.ts';
import type { Authenticator } from '../../src/runtime/ports/authenticator.ts';
import type { Poll } from '../../src/runtime/ports/poll.ts';
import type { Presence } from '../../src/runtime/ports/presence.ts';
import { SimulatedNetwork, SimulatedWebSocket } from '../gateway/simulated-network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

type Clients = ReturnType<Surroundings['clients']>;
type Response = Parameters<Elsewhere['upgrade']>[0];
type Packets = string | Uint8Array;

/** What the client's end of a WebSocket hears. */
export interface FrameReceiver {
  frame(frame: Packets): void;
  closed(): void;
}

/** The token is the user's name. */
const NAME_IS_TOKEN: Authenticator = {
  authenticate: ({ token }) => ({ user: token, expiresAt: Number.POSITIVE_INFINITY }),
};

const HANDSHAKE = { address: '203.0.113.7', query: 'EIO=4', headers: '' };
const MAX_BACKPRESSURE = 16 * 1024 * 1024;

/** A WebSocket of a gateway, and whose it is: a visitor's until the session has come after it. */
export class GatewaySocket {
  owner: Connection | Visitor;
  readonly handle: SimulatedWebSocket & { connection: Connection | Visitor };
  private readonly gateway: Gateway;
  private read = 0;
  private readonly receiver: FrameReceiver;

  constructor(
    gateway: Gateway,
    network: SimulatedNetwork,
    owner: Connection | Visitor,
    receiver: FrameReceiver,
  ) {
    this.gateway = gateway;
    this.owner = owner;
    this.receiver = receiver;
    const webSocket = new SimulatedWebSocket(
      network,
      {
        arrived: () => this.deliver(),
        pinged: () => {},
        drained: () => {},
        dropped: () => {},
        closed: (_webSocket, code) => this.closed(code),
      },
      MAX_BACKPRESSURE,
    );
    this.handle = Object.assign(webSocket, { connection: owner });
    if (isVisitor(owner)) owner.opened(this.handle);
    else gateway.engine.webSocketOpened(owner, this.handle);
  }

  received(text: string): void {
    if (!this.handle.open) return;
    const { connection } = this.handle;
    const bytes = Buffer.from(text);
    if (isVisitor(connection)) connection.received(this.handle, bytes, false);
    else this.gateway.engine.received(connection, this.handle, bytes, false);
  }

  /** The client, or the line, ends it. */
  hangUp(): void {
    this.handle.hangUp(1006);
  }

  private deliver(): void {
    const { arrived } = this.handle;
    while (this.read < arrived.length) this.receiver.frame(arrived[this.read++]!);
  }

  private closed(code: number): void {
    const { connection } = this.handle;
    this.receiver.closed();
    if (isVisitor(connection)) connection.closed();
    else this.gateway.engine.webSocketClosed(connection, this.handle, code !== 1002);
  }
}

/** The clients' port of a simulated gateway: does for clients in virtual time what the listener does for real ones. */
export class ClientDoor implements Clients {
  readonly gateway: Gateway;
  isOpen = false;
  private readonly options: GatewayRoleOptions;
  private readonly network: SimulatedNetwork;
  private readonly sockets = new Set<GatewaySocket>();

  /** @param joined told of each socket that joins rooms */
  constructor(options: GatewayRoleOptions, process: SimulatedProcess, joined: (socket: string) => void) {
    this.options = options;
    this.network = new SimulatedNetwork(process.defer);
    this.gateway = new Gateway({
      ...options,
      presence: watched(options.presence, joined),
      defer: process.defer,
      publisher: this.network,
      authenticator: NAME_IS_TOKEN,
      ...limitsFor(options.config, options.clock),
    });
  }

  async listen(): Promise<number> {
    this.isOpen = true;
    return 8080;
  }

  accept(): void {
    this.gateway.admission.start();
  }

  stopAccepting(): void {
    this.gateway.admission.stop();
  }

  async rehearse(): Promise<void> {}

  closePaced(): Promise<void> {
    const { clock, config } = this.options;
    return closePaced({
      table: this.gateway.connections,
      clock,
      rate: config.drain.rate,
      within: config.drain.timeout,
      close: (connection) => this.gateway.signal(connection, 'SERVER_SHUTTING_DOWN'),
    });
  }

  stopListening(): void {
    this.isOpen = false;
  }

  async reloadCertificates(): Promise<void> {}

  close(): void {
    this.isOpen = false;
    for (const socket of [...this.sockets]) socket.hangUp();
  }

  /** A new session over a WebSocket; null when it is refused. */
  openWebSocket(receiver: FrameReceiver): GatewaySocket | null {
    const outcome = this.gateway.engine.handshake(HANDSHAKE, 'socket.io', 4, false);
    if (typeof outcome === 'string' || outcome instanceof Promise) return null;
    return this.socketOf(outcome, receiver);
  }

  /** A new session by polling: its first packets come to `poll`. */
  openPolling(poll: Poll, refuse: () => void): void {
    const outcome = this.gateway.engine.handshake(HANDSHAKE, 'socket.io', 4, false);
    if (typeof outcome === 'string' || outcome instanceof Promise) return refuse();
    this.gateway.engine.openedByPolling(outcome, poll);
  }

  /** A GET; returns what to do when the client goes away. */
  poll(sid: string, answer: (payload: Packets) => void, refuse: () => void): () => void {
    const { engine } = this.gateway;
    const connection = engine.find(sid, 'socket.io', 4);
    if (connection !== null) {
      const poll: Poll = { respond: answer };
      if (engine.polling.poll(connection, poll) !== null) refuse();
      return () => {
        if (connection.poll === poll) engine.polling.aborted(connection, poll);
      };
    }
    const home = this.homeOf(sid);
    if (home === null) {
      refuse();
      return () => {};
    }
    const response = new BareResponse();
    const poll = { aborted: false, respond: answer } as unknown as Parameters<Elsewhere['poll']>[3];
    this.options.elsewhere!.poll(response.face, home, this.nameOf(sid), poll, refuse);
    return () => response.abort();
  }

  post(sid: string, payload: string, taken: () => void, refuse: () => void): void {
    const { polling } = this.gateway.engine;
    const connection = this.gateway.engine.find(sid, 'socket.io', 4);
    if (connection !== null) {
      const posting = polling.beginPost(connection, false);
      if (typeof posting === 'string') return refuse();
      return polling.post(posting, Buffer.from(payload), false) === null ? taken() : refuse();
    }
    const home = this.homeOf(sid);
    if (home === null) return refuse();
    const { signal } = new AbortController();
    void this.options
      .elsewhere!.post(home, this.nameOf(sid), Buffer.from(payload), false, signal)
      .then((refusal) => (refusal === null ? taken() : refuse()));
  }

  /** A WebSocket for a session that began by polling, here or elsewhere. */
  upgrade(
    sid: string,
    receiver: FrameReceiver,
    accept: (socket: GatewaySocket) => void,
    refuse: (name: EngineErrorName) => void,
  ): () => void {
    const connection = this.gateway.engine.find(sid, 'socket.io', 4);
    if (connection !== null) {
      const refusal = this.gateway.engine.mayUpgrade(connection);
      if (refusal === null) accept(this.socketOf(connection, receiver));
      else refuse(refusal);
      return () => {};
    }
    const home = this.homeOf(sid);
    if (home === null) {
      refuse('unknownSession');
      return () => {};
    }
    const response = new BareResponse();
    this.options.elsewhere!.upgrade(
      response.face,
      home,
      this.nameOf(sid),
      (visitor) => accept(this.socketOf(visitor, receiver)),
      refuse,
    );
    return () => response.abort();
  }

  private socketOf(owner: Connection | Visitor, receiver: FrameReceiver): GatewaySocket {
    const sockets = this.sockets;
    const socket: GatewaySocket = new GatewaySocket(this.gateway, this.network, owner, {
      frame: (frame) => receiver.frame(frame),
      closed: () => {
        for (const one of sockets) if (!one.handle.open) sockets.delete(one);
        receiver.closed();
      },
    });
    if (socket.handle.open) this.sockets.add(socket);
    return socket;
  }

  private homeOf(sid: string): number | null {
    return this.options.elsewhere?.homeOf(sid) ?? null;
  }

  private nameOf(sid: string) {
    return { sid, speaks: 'socket.io', revision: 4 } as const;
  }
}

/** As much of an HTTP response as `Elsewhere` touches. */
class BareResponse {
  readonly face: Response;
  private isAborted: () => void = () => {};

  constructor() {
    const face = {
      onAborted: (callback: () => void) => {
        this.isAborted = callback;
      },
      cork: (callback: () => void) => callback(),
    };
    this.face = face as unknown as Response;
  }

  abort(): void {
    this.isAborted();
  }
}

function watched(presence: Presence, joined: (socket: string) => void): Presence {
  return new Proxy(presence, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (name === 'join') joined(String(args[0]));
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
}

function isVisitor(owner: Connection | Visitor): owner is Visitor {
  return owner.row < 0;
}
