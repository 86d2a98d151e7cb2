import type { HttpResponse } from 'uWebSockets.js';
import type { SessionIds } from '../../runtime/identity/session-id.ts';
import { nodeOf } from '../../runtime/identity/snowflake.ts';
import type { Peers, SessionName } from '../../runtime/ports/peers.ts';
import type { UwsPoll } from './uws-poll.ts';

export interface ElsewhereOptions {
  readonly sessionIds: SessionIds;
  /** This node's number. */
  readonly node: number;
  readonly peers: Peers;
}

/** Answers a client whether a request was taken; `name` says why not. */
export type Refuse = (name: Exclude<Awaited<ReturnType<Peers['post']>>, null>) => void;

/** Serves requests of sessions that live on other nodes, so that a load balancer may send them anywhere. */
export class Elsewhere {
  private readonly options: ElsewhereOptions;

  constructor(options: ElsewhereOptions) {
    this.options = options;
  }

  /** The node that holds the session; null for a `sid` that is none, or is this node's own. */
  homeOf(sid: string): number | null {
    const { sessionIds, node } = this.options;
    if (!sessionIds.verify(sid)) return null;
    const home = nodeOf(sessionIds.hi, sessionIds.lo);
    return home === node ? null : home;
  }

  poll(response: HttpResponse, home: number, session: SessionName, poll: UwsPoll, refuse: Refuse): void {
    const leaving = new AbortController();
    response.onAborted(() => {
      poll.aborted = true;
      leaving.abort();
    });
    void this.options.peers.poll(home, session, leaving.signal).then((answer) => {
      if (poll.aborted) return;
      if (typeof answer !== 'string') return poll.respond(answer.payload);
      poll.aborted = true;
      refuse(answer);
    });
  }

  /** Resolves when the home has taken the packets or refused them; never for a client that has gone. */
  async post(home: number, session: SessionName, body: Uint8Array, binary: boolean, aborted: AbortSignal) {
    return this.options.peers.post(home, session, body, binary, aborted);
  }
}
