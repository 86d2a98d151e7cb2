import type { Connection } from '../../runtime/connection/connection.ts';
import type { Engine } from '../../runtime/connection/engine.ts';
import type { Arrivals } from '../../runtime/handover/arrivals.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Peers, Visit } from '../../runtime/ports/peers.ts';
import type { WebSocketHandle } from '../../runtime/ports/web-socket.ts';

export interface VisitorOptions {
  readonly peers: Peers;
  readonly engine: Engine;
  readonly arrivals: Arrivals;
  /** Whether this node is sure of its lease: nobody else may take sessions on. */
  readonly holds: () => boolean;
  readonly clock: Clock;
  /** The `sid`s of sessions that are on their way to this node. */
  readonly expected: Set<string>;
  /** `engine.upgradeTimeout`, ms: how long the client may take to upgrade. */
  readonly patience: number;
  /** Bytes that the client may send before its session is here. */
  readonly maxBytes: number;
}

interface Frame {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
}

type Handle = WebSocketHandle & { connection: Connection | Visitor };

/**
 * A WebSocket that was opened here with the sid of a session that lives elsewhere. Its home is asked what to answer to
 * the probe; with the upgrade packet the session comes here, and this is its transport from then on.
 */
export class Visitor {
  /** No row of the tables: it is no connection yet. */
  readonly row = -1;
  private readonly home: number;
  private readonly session: Visit;
  private readonly options: VisitorOptions;
  private state: 'probing' | 'moving' | 'over' = 'probing';
  private readonly waiting: Frame[] = [];
  private bytes = 0;
  private timer: ReturnType<Clock['after']> | null = null;

  constructor(home: number, session: Visit, options: VisitorOptions) {
    this.home = home;
    this.session = session;
    this.options = options;
  }

  opened(handle: Handle): void {
    this.timer = this.options.clock.after(this.options.patience, () => this.giveUp(handle));
  }

  /** `bytes` are valid during the call only. */
  received(handle: Handle, bytes: Uint8Array, isBinary: boolean): void {
    if (this.state === 'moving') return this.keep(handle, bytes, isBinary);
    if (this.state === 'over') return;
    const text = isBinary || bytes.length > 6 ? '' : Buffer.from(bytes).toString();
    if (text === '2probe') void this.probe(handle);
    else if (text === '5') void this.upgrade(handle);
    else this.giveUp(handle);
  }

  closed(): void {
    if (this.state === 'moving') this.options.arrivals.missed();
    if (this.state !== 'over') this.tellLost();
    this.end();
  }

  private async probe(handle: Handle): Promise<void> {
    const answer = await this.options.peers.probeCandidate(this.home, this.session);
    if (this.state !== 'probing') return;
    if (answer === null) this.giveUp(handle);
    else handle.send(answer, false, false);
  }

  private async upgrade(handle: Handle): Promise<void> {
    this.state = 'moving';
    // From now on its home says how long it may take.
    this.stopTimer();
    this.options.expected.add(this.session.sid);
    const { peers, arrivals, holds } = this.options;
    const passport = await peers.upgradeCandidate(this.home, this.session);
    if (this.state !== 'moving') return;
    if (passport === null || !holds() || !arrivals.accepts(passport)) return this.giveUp(handle);
    const isOurs = await peers.arrived(this.home, this.session);
    if (this.state !== 'moving') return;
    if (!isOurs) return this.giveUp(handle);
    this.end();
    const connection = arrivals.install(passport, this.home, handle);
    handle.connection = connection;
    void peers.settled(this.home, this.session);
    for (const { bytes, isBinary } of this.waiting) {
      // One of them may have ended it.
      if (handle.connection !== connection || connection.webSocket !== handle) return;
      handle.cork(() => this.options.engine.received(connection, handle, bytes, isBinary));
    }
  }

  private keep(handle: Handle, bytes: Uint8Array, isBinary: boolean): void {
    this.bytes += bytes.length;
    if (this.bytes > this.options.maxBytes) return this.giveUp(handle);
    this.waiting.push({ bytes: Uint8Array.from(bytes), isBinary });
  }

  private giveUp(handle: Handle): void {
    if (this.state === 'over') return;
    if (this.state === 'moving') this.options.arrivals.missed();
    this.tellLost();
    this.end();
    handle.close();
  }

  private tellLost(): void {
    void this.options.peers.candidateLost(this.home, this.session);
  }

  private end(): void {
    // Another one may be bringing the session here.
    if (this.state === 'moving') this.options.expected.delete(this.session.sid);
    this.state = 'over';
    this.stopTimer();
  }

  private stopTimer(): void {
    if (this.timer !== null) this.options.clock.cancel(this.timer);
    this.timer = null;
  }
}
