import { ACK, CONNECT, DISCONNECT, EVENT, jsonText, PacketReader } from '../gateway/packets.ts';
import type { History } from '../support/history/history.ts';
import type { ClientDoor, GatewaySocket } from './client-door.ts';
import { ClientLine } from './client-line.ts';
import { BACKEND } from './simulated-backend.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Transports = 'websocket' | 'polling' | 'upgrade';

/** A gateway that a load balancer would choose. */
export type Balancer = () => { readonly process: SimulatedProcess; readonly door: ClientDoor } | null;

type Packets = string | Uint8Array;

/**
 * One session of a client, from connect to disconnect, in the words of Engine.IO 4 and Socket.IO 5. Each connection it
 * opens may go to another gateway. It notes what it sends and what comes.
 */
export class SimulatedSession {
  readonly name: string;
  connectedAt: number | null = null;
  hasEnded = false;
  /** When it may have moved to another node. */
  movedAt: number | null = null;
  isOwedEchoes = () => true;
  whyEnded = '';
  /** Acknowledgements it waits for. */
  readonly unanswered = new Set<string>();
  /** Connections that can break. */
  readonly lines = new Set<ClientLine>();
  private readonly time: VirtualTime;
  private readonly history: History;
  private readonly balance: Balancer;
  private readonly transports: Transports;
  private readonly delay: number;
  private readonly reader = new PacketReader();
  private readonly ids: string[] = [];
  private sid = '';
  private webSocket: { line: ClientLine; socket: GatewaySocket | null } | null = null;
  private isPolling = false;
  private isPosting = false;
  /** Paused to change over to the WebSocket: nothing is posted, and no further poll is made. */
  private pausing: (() => void) | null = null;
  private isPaused = false;
  private readonly waiting: string[] = [];
  private lastHeard = 0;
  private patience = 0;

  constructor(
    time: VirtualTime,
    history: History,
    balance: Balancer,
    name: string,
    transports: Transports,
    delay: number,
  ) {
    this.time = time;
    this.history = history;
    this.balance = balance;
    this.name = name;
    this.transports = transports;
    this.delay = delay;
    history.sent(`begin ${name}`, `life of ${name}`, [BACKEND]);
    history.sent(`end ${name}`, `end of ${name}`, [BACKEND]);
    this.lastHeard = time.now();
    this.patience = 10_000;
    this.watch();
    if (transports === 'websocket') this.openWebSocket();
    else this.handshake();
  }

  get isOpen(): boolean {
    return this.connectedAt !== null && !this.hasEnded;
  }

  say(): void {
    const id = `${this.name} says ${this.ids.length}`;
    const ackId = this.ids.push(id) - 1;
    this.unanswered.add(id);
    this.history.sent(id, `life of ${this.name}`, [BACKEND]);
    this.time.note(this.name, `says ${ackId}`);
    this.send(`4${jsonText(EVENT, '/', ackId, ['say', id])}`);
  }

  /**
   * A session that has never broken is owed everything, whether acknowledged or not: to be called when all is quiet,
   * while it is open.
   */
  claim(): void {
    if (!this.isOpen) return;
    this.history.accepted(`begin ${this.name}`);
    for (const id of this.unanswered) {
      this.history.accepted(id);
      this.history.sent(`acknowledgement of ${id}`, '', [this.name]);
      this.history.accepted(`acknowledgement of ${id}`);
    }
  }

  disconnect(): void {
    if (this.hasEnded) return;
    this.send(`4${jsonText(DISCONNECT, '/', -1, undefined)}`);
    this.end('closed by its client');
  }

  /** The client gives up: nothing that comes is heard any more. */
  private end(why: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.whyEnded = why;
    this.time.note(this.name, `ends: ${why}`);
    this.history.lost(this.name);
    for (const line of [...this.lines]) line.close();
    this.lines.clear();
  }

  private watch(): void {
    if (this.hasEnded) return;
    const silent = this.time.now() - this.lastHeard;
    if (silent >= this.patience) return this.end('ping timeout');
    this.time.after(this.patience - silent, () => this.watch());
  }

  private line(process: SimulatedProcess, broken: () => void): ClientLine {
    const line = new ClientLine(this.time, process, this.delay, () => {
      this.lines.delete(line);
      if (!this.hasEnded) broken();
    });
    this.lines.add(line);
    return line;
  }

  private openWebSocket(): void {
    const to = this.balance();
    if (to === null) return this.later('nobody is there');
    const line = this.line(to.process, () => this.end('transport close'));
    this.time.note(this.name, `opens a WebSocket at ${to.process.name}`);
    this.webSocket = { line, socket: null };
    line.up(() => {
      const socket = to.door.openWebSocket({
        frame: (frame) => line.down(() => this.frame(frame)),
        closed: () => line.down(() => this.end('transport close')),
      });
      if (socket === null) return line.down(() => this.end('refused'));
      line.whenGone(() => socket.hangUp());
      this.webSocket = { line, socket };
    });
  }

  private later(why: string): void {
    this.time.after(1, () => this.end(why));
  }

  private handshake(): void {
    const to = this.balance();
    if (to === null) return this.later('nobody is there');
    const line = this.line(to.process, () => this.end('transport close'));
    this.time.note(this.name, `opens by polling at ${to.process.name}`);
    this.isPolling = true;
    line.up(() =>
      to.door.openPolling({ respond: (payload) => line.down(() => this.polled(line, payload)) }, () =>
        line.down(() => this.end('refused')),
      ),
    );
  }

  private polled(line: ClientLine, payload: Packets): void {
    this.lines.delete(line);
    this.isPolling = false;
    if (this.hasEnded) return;
    for (const packet of String(payload).split('\x1e')) this.frame(packet);
    if (this.hasEnded) return;
    if (this.pausing !== null) this.pauseWhenQuiet();
    else this.get();
  }

  private get(): void {
    if (this.isPolling || this.hasEnded || this.isPaused || this.pausing !== null) return;
    const to = this.balance();
    if (to === null) return this.later('nobody is there');
    const line = this.line(to.process, () => this.end('xhr poll error'));
    this.isPolling = true;
    line.up(() => {
      const goneAway = to.door.poll(
        this.sid,
        (payload) => line.down(() => this.polled(line, payload)),
        () => line.down(() => this.end('xhr poll error')),
      );
      line.whenGone(goneAway);
    });
  }

  private post(): void {
    if (this.isPosting || this.waiting.length === 0 || this.isPaused || this.hasEnded) return;
    const to = this.balance();
    if (to === null) return this.later('nobody is there');
    const line = this.line(to.process, () => this.end('xhr post error'));
    const payload = this.waiting.splice(0).join('\x1e');
    this.isPosting = true;
    line.up(() =>
      to.door.post(
        this.sid,
        payload,
        () =>
          line.down(() => {
            this.lines.delete(line);
            this.isPosting = false;
            if (this.pausing !== null) this.pauseWhenQuiet();
            else this.post();
          }),
        () => line.down(() => this.end('xhr post error')),
      ),
    );
  }

  private send(packet: string): void {
    const { webSocket } = this;
    if (webSocket !== null && (this.transports === 'websocket' || this.isPaused)) {
      webSocket.line.up(() => webSocket.socket?.received(packet));
      return;
    }
    this.waiting.push(packet);
    if (this.pausing === null) this.post();
  }

  /** A WebSocket for the session, wherever the load balancer sends it. */
  private upgrade(): void {
    const to = this.balance();
    if (to === null || this.hasEnded) return;
    let isOver = false;
    const failed = () => {
      isOver = true;
      if (this.webSocket?.line === line && this.isPaused) return this.end('transport close');
      if (this.webSocket?.line === line) this.webSocket = null;
      // It goes on as it was.
      this.pausing = null;
      this.get();
      this.post();
    };
    const line = this.line(to.process, failed);
    this.time.note(this.name, `tries a WebSocket at ${to.process.name}`);
    const candidate: { line: ClientLine; socket: GatewaySocket | null } = { line, socket: null };
    this.webSocket = candidate;
    const heard = (frame: Packets) => {
      if (isOver) return;
      if (frame !== '3probe') return this.frame(frame);
      this.pausing = () => {
        this.isPaused = true;
        this.movedAt = this.time.now();
        this.pausing = null;
        this.time.note(this.name, `upgrades at ${to.process.name}`);
        line.up(() => candidate.socket?.received('5'));
        for (const packet of this.waiting.splice(0)) this.send(packet);
      };
      this.pauseWhenQuiet();
    };
    line.up(() => {
      const abort = to.door.upgrade(
        this.sid,
        { frame: (frame) => line.down(() => heard(frame)), closed: () => line.down(failed) },
        (socket) => {
          candidate.socket = socket;
          line.whenGone(() => socket.hangUp());
          line.down(() => line.up(() => socket.received('2probe')));
        },
        () => line.down(failed),
      );
      if (candidate.socket === null) line.whenGone(abort);
    });
  }

  private pauseWhenQuiet(): void {
    if (!this.isPolling && !this.isPosting) this.pausing?.();
  }

  private frame(frame: Packets): void {
    if (this.hasEnded || typeof frame !== 'string') return;
    this.lastHeard = this.time.now();
    switch (frame[0]) {
      case '0':
        return this.opened(JSON.parse(frame.slice(1)));
      case '1':
        return this.end('transport close');
      case '2':
        return this.send('3');
      case '4':
        return this.packet(frame.slice(1));
      default:
        return;
    }
  }

  private opened({ sid, pingInterval, pingTimeout }: Record<string, string | number>): void {
    this.sid = String(sid);
    this.patience = Number(pingInterval) + Number(pingTimeout);
    this.send(`4${jsonText(CONNECT, '/', -1, { token: this.name })}`);
    if (this.transports === 'upgrade') this.upgrade();
  }

  private packet(text: string): void {
    const { type, ackId, data } = this.reader.read(text)!;
    const { history, name } = this;
    if (type === CONNECT) {
      this.connectedAt = this.time.now();
      this.time.note(name, `is connected as ${(data as { sid: string }).sid}`);
    } else if (type === EVENT) {
      const id = String((data as unknown[])[1]);
      this.time.note(name, `gets ${id}`);
      history.received(id, name);
    } else if (type === ACK) {
      const id = this.ids[ackId];
      const [answer] = data as unknown[];
      if (id === undefined || answer !== id) {
        return history.received(`${id}, acknowledged as ${String(answer)}`, name);
      }
      // A record that was handed out again is answered again; clients hear the first answer only.
      if (!this.unanswered.delete(id)) return;
      this.time.note(name, `has the acknowledgement of ${ackId}`);
      history.accepted(id);
      if (this.isOwedEchoes()) history.accepted(`echo of ${id}`);
    } else {
      this.end('io server disconnect');
    }
  }
}
