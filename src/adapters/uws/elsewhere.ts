import type { HttpResponse } from 'uWebSockets.js';
import { decodeJsonpBody } from '../../runtime/codec/jsonp.ts';
import type { Admission } from '../../runtime/connection/admission.ts';
import type { Engine } from '../../runtime/connection/engine.ts';
import type { EngineErrorName } from '../../runtime/errors/engine-error.ts';
import type { Arrivals } from '../../runtime/handover/arrivals.ts';
import type { SessionIds } from '../../runtime/identity/session-id.ts';
import { nodeOf } from '../../runtime/identity/snowflake.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Peers, SessionName, Visit } from '../../runtime/ports/peers.ts';
import { receiveBody } from './request-body.ts';
import type { UwsPoll } from './uws-poll.ts';
import { Visitor } from './visitor.ts';

export interface ElsewhereOptions {
  readonly sessionIds: SessionIds;
  /** This node's number. */
  readonly node: number;
  readonly peers: Peers;
  /** Whether this node is sure of its lease. */
  readonly holds: () => boolean;
  readonly clock: Clock;
  readonly upgradeTimeout: number;
  readonly maxPayload: number;
  readonly gateway: () => {
    readonly engine: Engine;
    readonly arrivals: Arrivals;
    readonly admission: Pick<Admission, 'isOpen'>;
  };
}

/** A POST as its client announced it. */
export interface Posted {
  /** Its length; 0 when it was not said. */
  readonly announced: number;
  readonly binary: boolean;
  readonly jsonp: boolean;
}

/** Answers a client whether a request was taken; `name` says why not. */
export type Refuse = (name: Exclude<Awaited<ReturnType<Peers['post']>>, null>) => void;

/** Serves requests of sessions that live on other nodes, so that a load balancer may send them anywhere. */
export class Elsewhere {
  private readonly options: ElsewhereOptions;
  private readonly expected = new Set<string>();
  private lastVisit = 0;

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

  /** Whether a session is on its way to this node, and nobody can say yet whether it arrives. */
  expects(sid: string): boolean {
    return this.expected.has(sid);
  }

  /** A WebSocket of such a session wants to open here: whoever it is until the session has come after it. */
  private async visitor(home: number, session: Visit): Promise<Visitor | EngineErrorName> {
    const { peers, clock, upgradeTimeout, maxPayload, holds, gateway } = this.options;
    // The client stays where it is, and on polling.
    if (!gateway().admission.isOpen) return 'unavailable';
    const refusal = await peers.openCandidate(home, session);
    if (refusal !== null) return refusal;
    const { engine, arrivals } = gateway();
    return new Visitor(home, session, {
      peers,
      engine,
      arrivals,
      clock,
      holds,
      expected: this.expected,
      patience: upgradeTimeout,
      maxBytes: maxPayload * 2,
    });
  }

  /** Opens such a WebSocket once its session's home agrees. */
  upgrade(
    response: HttpResponse,
    home: number,
    session: SessionName,
    accept: (visitor: Visitor) => void,
    refuse: Refuse,
  ): void {
    let aborted = false;
    response.onAborted(() => {
      aborted = true;
    });
    const visit = { ...session, visit: ++this.lastVisit };
    void this.visitor(home, visit).then((visitor) => {
      if (typeof visitor === 'string') {
        if (!aborted) refuse(visitor);
      } else if (aborted) {
        void this.options.peers.candidateLost(home, visit);
      } else {
        accept(visitor);
      }
    });
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

  /** Reads a POST and hands it on. `answer` is called with what the home says, unless the client has gone. */
  receivePost(
    response: HttpResponse,
    home: number,
    session: SessionName,
    { announced, binary, jsonp }: Posted,
    answer: (refusal: EngineErrorName | null) => void,
  ): void {
    const { peers, maxPayload } = this.options;
    const leaving = new AbortController();
    const pass = (verdict: Promise<EngineErrorName | null>) => {
      response.onAborted(() => leaving.abort());
      void verdict.then((refusal) => {
        if (!leaving.signal.aborted) answer(refusal);
      });
    };
    receiveBody(response, announced, maxPayload, (body) => {
      if (body === 'aborted') return void peers.postFailed(home, session, binary, 'aborted');
      if (body === 'too large') return pass(peers.postFailed(home, session, binary, 'oversized'));
      const packets = jsonp ? decodeJsonpBody(body) : Buffer.from(body);
      if (packets === null) return pass(peers.postFailed(home, session, binary, 'illegal'));
      pass(this.post(home, session, packets, binary, leaving.signal));
    });
  }

  /** Resolves when the home has taken the packets or refused them. */
  post(home: number, session: SessionName, body: Uint8Array, binary: boolean, aborted: AbortSignal) {
    return this.options.peers.post(home, session, body, binary, aborted);
  }
}
