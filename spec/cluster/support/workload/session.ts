import type { ClientSocket } from '../../../clients/client-socket.ts';
import type { Library } from '../../../clients/libraries.ts';
import type { History } from '../../../support/history/history.ts';
import { BACKEND } from './history-backend.ts';

export interface SessionOptions {
  readonly history: History;
  /** Also its user. */
  readonly name: string;
  readonly library: Library;
  readonly url: string;
  readonly transports: readonly string[];
  /**
   * What goes to a session by the node that it moved away from is lost if that node leaves soon: docs/guarantees.md.
   * Then what comes behind an acknowledgement is not promised to a session that may just have moved.
   */
  readonly nodesLeave?: boolean;
}

/** How long after a move the old node may still be on the way to a session, ms. */
const MOVES_FOR = 30_000;

/** One session of a stock client, from connect to disconnect; it notes what it sends and what comes. */
export class Session {
  readonly name: string;
  /** Library and transports, for people. */
  readonly kind: string;
  readonly ended: Promise<void>;
  private readonly history: History;
  private readonly socket: ClientSocket;
  private readonly mine: string[] = [];
  private readonly unanswered = new Set<string>();
  private connectedAt: number | null = null;
  private hasEnded = false;
  private isClaimed = false;
  private readonly mayMove: boolean;
  private end: (why: unknown) => void = () => {};
  /** What the client says of its end. */
  whyEnded = '';

  constructor({ history, name, library, url, transports, nodesLeave = false }: SessionOptions) {
    this.mayMove = nodesLeave && transports.length > 1;
    this.history = history;
    this.name = name;
    this.kind = `${library.name}, ${transports.join('+')}`;
    this.ended = new Promise((resolve) => {
      this.end = (why) => {
        if (this.hasEnded) return;
        this.whyEnded = why instanceof Error ? why.message : String(why);
        this.hasEnded = true;
        history.lost(name);
        resolve();
      };
    });
    history.sent(`begin ${name}`, `life of ${name}`, [BACKEND]);
    history.sent(`end ${name}`, `end of ${name}`, [BACKEND]);
    this.socket = library.open(url, { user: name, transports });
    this.socket.on('connect', () => {
      this.connectedAt = performance.now();
    });
    this.socket.on('disconnect', (why) => this.end(why));
    for (const event of ['connect_error', 'error']) this.socket.on(event, (why) => this.end(why));
    for (const event of ['said', 'pushed']) {
      this.socket.on(event, (id) => history.received(String(id), name));
    }
  }

  get wasConnected(): boolean {
    return this.connectedAt !== null;
  }

  get isOpen(): boolean {
    return this.socket.connected && !this.hasEnded;
  }

  get transport(): string {
    return this.socket.io.engine.transport.name;
  }

  /** Messages it has no acknowledgement of. */
  get waiting(): number {
    return this.unanswered.size;
  }

  /** Whether it has been open for `ms`: long enough that every node may be expected to know of it. */
  hasBeenOpenFor(ms: number): boolean {
    return this.isOpen && this.connectedAt !== null && performance.now() - this.connectedAt >= ms;
  }

  say(): void {
    const { history, name, socket } = this;
    const id = `${name} says ${this.mine.length}`;
    this.mine.push(id);
    this.unanswered.add(id);
    history.sent(id, `life of ${name}`, [BACKEND]);
    socket.emit('say', id, (answer: unknown) => {
      this.unanswered.delete(id);
      if (answer !== id) return history.received(`${id}, acknowledged as ${String(answer)}`, name);
      history.accepted(id);
      if (!this.mayHaveMoved()) history.accepted(`echo of ${id}`);
      if (this.isClaimed) history.received(`acknowledgement of ${id}`, name);
    });
  }

  private mayHaveMoved(): boolean {
    return this.mayMove && !this.hasBeenOpenFor(MOVES_FOR);
  }

  /**
   * A session that has never broken is owed everything, whether acknowledged or not: to be called once, when it says
   * nothing more, while it is open.
   */
  claim(): void {
    if (!this.isOpen) return;
    this.isClaimed = true;
    this.history.accepted(`begin ${this.name}`);
    for (const id of this.unanswered) {
      this.history.accepted(id);
      this.history.sent(`acknowledgement of ${id}`, '', [this.name]);
      this.history.accepted(`acknowledgement of ${id}`);
    }
  }

  disconnect(): void {
    this.socket.disconnect();
    this.end('closed by its client');
  }
}
