import { engineUrl, type Handshake } from './engine-url.ts';
import {
  type Packet,
  readBinaryPayload3,
  readPayload3,
  readPayload4,
  writePayload3,
  writePayload4,
} from './payload.ts';

export interface PollingPeerOptions {
  /** Engine.IO revision, 4 unless told. */
  readonly revision?: 3 | 4;
  readonly path?: string;
  /** Engine.IO 3: ask for base64 instead of binary payloads. */
  readonly base64?: boolean;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

/** A bare long-polling client: one request at a time, each answer shown as it came. */
export class PollingPeer {
  readonly handshake: Handshake;
  readonly revision: 3 | 4;
  readonly #base: string;
  readonly #options: PollingPeerOptions;
  readonly #pending: Packet[] = [];

  private constructor(base: string, options: PollingPeerOptions, first: Packet[]) {
    const open = first.shift();
    if (typeof open !== 'string' || open[0] !== '0') throw new Error(`not an OPEN packet: ${String(open)}`);
    this.handshake = JSON.parse(open.slice(1)) as Handshake;
    this.revision = options.revision ?? 4;
    this.#base = base;
    this.#options = options;
    this.#pending.push(...first);
  }

  static async open(base: string, options: PollingPeerOptions = {}): Promise<PollingPeer> {
    const answer = await fetch(address(base, options), { headers: options.headers ?? {} });
    if (answer.status !== 200) throw new Error(`the handshake was refused with ${answer.status}`);
    return new PollingPeer(base, options, await read(answer, options.revision ?? 4));
  }

  get sid(): string {
    return this.handshake.sid;
  }

  get url(): string {
    return address(this.#base, this.#options, this.sid);
  }

  /** The address for a WebSocket that takes this session over. */
  get upgradeUrl(): string {
    const { path, query } = this.#options;
    return engineUrl(
      this.#base,
      { ...query, EIO: String(this.revision), transport: 'websocket', sid: this.sid },
      path,
    );
  }

  /** One GET, the bare response. */
  get(signal?: AbortSignal): Promise<Response> {
    return fetch(this.url, { headers: this.#options.headers ?? {}, ...(signal ? { signal } : {}) });
  }

  /** One POST of a body as it is, the bare response. */
  postRaw(body: string | Buffer, type = 'text/plain;charset=UTF-8'): Promise<Response> {
    return fetch(this.url, {
      method: 'POST',
      headers: { ...this.#options.headers, 'content-type': type },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
  }

  /** One POST with these packets. */
  post(...packets: Packet[]): Promise<Response> {
    return this.postRaw(this.revision === 4 ? writePayload4(packets) : writePayload3(packets));
  }

  /** Packets of one GET; fails unless the status is 200. */
  async poll(): Promise<Packet[]> {
    const answer = await this.get();
    if (answer.status !== 200) throw new Error(`the poll was answered with ${answer.status}`);
    return read(answer, this.revision);
  }

  /** The next packet, polling as long as it takes; server pings are answered and, like noops, not shown. */
  async next(ms = 3000): Promise<Packet> {
    const deadline = Date.now() + ms;
    for (;;) {
      const packet = this.#pending.shift();
      if (packet === undefined) {
        if (Date.now() > deadline) throw new Error(`nothing arrived within ${ms} ms`);
        this.#pending.push(...(await this.poll()));
      } else if (packet === '2' && this.revision === 4) await this.post('3');
      else if (packet !== '6' && !(packet === '3' && this.revision === 3)) return packet;
    }
  }

  /** Packets fetched but not taken yet. */
  get unread(): number {
    return this.#pending.length;
  }

  async take(count: number, ms?: number): Promise<Packet[]> {
    const packets: Packet[] = [];
    while (packets.length < count) packets.push(await this.next(ms));
    return packets;
  }
}

function address(base: string, options: PollingPeerOptions, sid?: string): string {
  return engineUrl(
    base,
    {
      ...options.query,
      EIO: String(options.revision ?? 4),
      transport: 'polling',
      b64: options.base64 ? '1' : undefined,
      sid,
    },
    options.path,
  );
}

async function read(answer: Response, revision: 3 | 4): Promise<Packet[]> {
  if (revision === 4) return readPayload4(await answer.text());
  const bytes = Buffer.from(await answer.arrayBuffer());
  const isBinary = answer.headers.get('content-type')?.startsWith('application/octet-stream') ?? false;
  return isBinary ? readBinaryPayload3(bytes) : readPayload3(bytes.toString());
}
