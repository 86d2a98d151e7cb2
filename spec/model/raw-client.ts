import { Agent } from 'node:http';
import { engineUrl } from '../support/engine-url.ts';
import {
  readBinaryPayload3,
  readPayload3,
  readPayload4,
  writePayload3,
  writePayload4,
} from '../support/payload.ts';
import { Channel } from './channel.ts';
import type { ClientKind } from './client-kind.ts';
import { inTime } from './deadline.ts';
import { type Answer, Exchange } from './exchange.ts';

const PATHS = { 'socket.io': '/socket.io/', 'engine.io': '/engine.io/', websocket: '/ws' } as const;

/** A client that does what it is told, packet by packet, and nothing by itself. */
export class RawClient {
  readonly kind: ClientKind;
  /** Empty until opened; plain WebSockets never learn theirs. */
  sid = '';
  /** The transport once it is a WebSocket. */
  webSocket: Channel | null = null;
  /** The last WebSocket opened with our sid. */
  candidate: Channel | null = null;
  /** A WebSocket that was opened while there was one already. */
  surplus: Channel | null = null;
  /** A GET that waits for packets. */
  pending: Exchange | null = null;
  /** Parameters of every request. */
  readonly query: Record<string, string>;
  private readonly base: string;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly fetched: string[] = [];

  constructor(base: string, kind: ClientKind, query: Record<string, string>) {
    this.base = base;
    this.kind = kind;
    this.query = query;
  }

  /** Sends the handshake; `opened` waits for its answer. */
  begin(): void {
    if (this.kind.startsOn === 'websocket') this.webSocket = new Channel(this.url('websocket'));
    else this.pending = this.get(this.url('polling'));
  }

  async opened(): Promise<void> {
    await (this.webSocket?.opened ?? this.pending?.answer);
  }

  /** HTTP status with which the handshake was refused. */
  async refusal(): Promise<number> {
    if (this.webSocket === null) return (await this.pending!.answer).status;
    const refused: unknown = await this.webSocket.opened.catch((error: unknown) => error);
    return Number(/\d{3}/.exec(String(refused))?.[0]);
  }

  /** The next packet of the server, on whatever transport it comes. */
  async next(): Promise<string> {
    if (this.webSocket !== null && this.fetched.length === 0) return this.webSocket.next();
    while (this.fetched.length === 0) {
      const exchange = this.pending ?? this.get(this.url('polling', this.sid));
      this.pending = null;
      this.keep(await inTime(exchange.answer, 'a GET was not answered'));
    }
    return this.fetched.shift()!;
  }

  /** Packets that came and nobody has asked for. */
  get unread(): number {
    return this.fetched.length + (this.webSocket?.unread ?? 0) + (this.candidate?.unread ?? 0);
  }

  /** Sends a packet; on polling, resolves with the status of the POST. */
  async send(...packets: string[]): Promise<number> {
    if (this.webSocket !== null) {
      this.webSocket.send(...packets);
      return 101;
    }
    const body = this.kind.revision === 4 ? writePayload4(packets) : writePayload3(packets);
    return (await this.post({ body }).answer).status;
  }

  post(options: { body: string | Buffer; type?: string; unfinished?: boolean }): Exchange {
    return new Exchange(this.url('polling', this.sid), { ...options, method: 'POST', agent: this.agent });
  }

  /** Leaves a GET waiting, as polling clients do all the time. */
  wait(): void {
    this.pending = this.get(this.url('polling', this.sid));
  }

  /** What a GET is answered with now, whoever asks. */
  async status(): Promise<number> {
    return (await this.get(this.url('polling', this.sid)).answer).status;
  }

  /** Opens a WebSocket with the sid of this session. */
  offerWebSocket(): Channel {
    return new Channel(this.url('websocket', this.sid));
  }

  /** The client's side of a finished upgrade. */
  useCandidate(): void {
    this.webSocket = this.candidate;
    this.candidate = null;
  }

  destroy(): void {
    this.pending?.cut();
    for (const channel of [this.webSocket, this.candidate, this.surplus]) channel?.terminate();
    this.agent.destroy();
  }

  private get(url: string): Exchange {
    return new Exchange(url, { agent: this.agent });
  }

  private keep({ status, type, body }: Answer): void {
    if (status !== 200) throw new Error(`a GET was answered with ${status} ${body.toString()}`);
    this.fetched.push(...this.read(type, body).map((packet) => packet.toString()));
  }

  private read(type: string, body: Buffer): (string | Buffer)[] {
    if (this.kind.revision === 4) return readPayload4(body.toString());
    return type.startsWith('application/octet-stream')
      ? readBinaryPayload3(body)
      : readPayload3(body.toString());
  }

  private url(transport: string, sid?: string): string {
    const { speaks, revision } = this.kind;
    const engine = speaks === 'websocket' ? {} : { EIO: String(revision), transport, sid };
    return engineUrl(this.base, { ...this.query, ...engine }, PATHS[speaks]);
  }
}
