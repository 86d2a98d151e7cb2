import { deserialize } from 'node:v8';
import { Pool } from 'undici';
import { ENGINE_ERRORS, type EngineErrorName } from '../../runtime/errors/engine-error.ts';
import type { Passport } from '../../runtime/handover/passport.ts';
import type { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Peers, PolledPackets, PostFailure, SessionName, Visit } from '../../runtime/ports/peers.ts';

export interface PeerClientOptions {
  /** `host:port` at which a node is asked; null for one that is not there. */
  readonly addressOf: (node: number) => string | null;
  /** Shown to the other node. */
  readonly key: string;
  /** This node's number. */
  readonly self: number;
  /** How long a home waits until a session can leave, ms. */
  readonly moveTimeout: number;
  /** A node that is gone does not answer any of its clients. */
  readonly lines: Pick<RepeatedLines, 'warn'>;
}

/** Connections kept to one node: a poll holds one for as long as it waits. */
const CONNECTIONS = 10_000;
const KEEP_ALIVE = 60_000;
/** How long one step of a move may take, ms, beside what it waits for. */
export const STEP_TIMEOUT = 12_000;
const HOLDS_TIMEOUT = 1_500;

/** Asks other nodes over HTTP/1.1 connections that are kept. */
export class PeerClient implements Peers {
  readonly #options: PeerClientOptions;
  readonly #pools = new Map<string, Pool>();

  constructor(options: PeerClientOptions) {
    this.#options = options;
  }

  async poll(
    node: number,
    session: SessionName,
    aborted: AbortSignal,
  ): Promise<PolledPackets | EngineErrorName> {
    const answer = await this.#ask(node, 'poll', session, null, aborted);
    if (answer === null) return 'unknownSession';
    if (answer.status !== 200) return errorNamed(answer.body.toString());
    return { payload: answer.isBinary ? answer.body : answer.body.toString() };
  }

  async post(
    node: number,
    session: SessionName,
    body: Uint8Array,
    binary: boolean,
    aborted: AbortSignal,
  ): Promise<EngineErrorName | null> {
    const answer = await this.#ask(node, binary ? 'post-binary' : 'post', session, body, aborted);
    if (answer === null) return 'unknownSession';
    return answer.status === 200 ? null : errorNamed(answer.body.toString());
  }

  async postFailed(
    node: number,
    session: SessionName,
    binary: boolean,
    failure: PostFailure,
  ): Promise<EngineErrorName | null> {
    const what = `${binary ? 'post-binary' : 'post'}/${failure}`;
    const answer = await this.#ask(node, what, session, null, AbortSignal.timeout(STEP_TIMEOUT));
    if (answer === null) return 'unknownSession';
    return answer.status === 200 ? null : errorNamed(answer.body.toString());
  }

  async openCandidate(node: number, visit: Visit): Promise<EngineErrorName | null> {
    const answer = await this.#candidate(node, 'open', visit);
    if (answer === null) return 'unknownSession';
    return answer.status === 200 ? null : errorNamed(answer.body.toString());
  }

  async probeCandidate(node: number, visit: Visit): Promise<string | null> {
    const answer = await this.#candidate(node, 'probe', visit);
    return answer?.status === 200 ? answer.body.toString() : null;
  }

  async upgradeCandidate(node: number, visit: Visit): Promise<Passport | null> {
    const patience = STEP_TIMEOUT + this.#options.moveTimeout;
    const answer = await this.#candidate(node, 'upgrade', visit, patience);
    if (answer?.status !== 200) return null;
    try {
      return deserialize(answer.body) as Passport;
    } catch (error) {
      // Written by a Node.js that is newer than this one.
      const facts = { peer: node, err: error };
      this.#options.lines.warn('passport', facts, 'a session cannot come: its passport cannot be read');
      return null;
    }
  }

  async arrived(node: number, visit: Visit): Promise<boolean> {
    return (await this.#candidate(node, 'arrived', visit))?.status === 200;
  }

  async settled(node: number, visit: Visit): Promise<void> {
    await this.#candidate(node, 'settled', visit);
  }

  async holds(node: number, session: SessionName): Promise<'yes' | 'no' | 'unknown'> {
    const answer = await this.#ask(node, 'holds', session, null, AbortSignal.timeout(HOLDS_TIMEOUT));
    if (answer?.status === 200) return 'yes';
    return answer?.status === 404 ? 'no' : 'unknown';
  }

  async candidateLost(node: number, visit: Visit): Promise<void> {
    await this.#candidate(node, 'lost', visit);
  }

  #candidate(node: number, step: string, visit: Visit, patience = STEP_TIMEOUT) {
    return this.#ask(node, `candidate/${step}`, visit, null, AbortSignal.timeout(patience), {
      'x-visit': String(visit.visit),
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  async #ask(
    node: number,
    what: string,
    { sid, speaks, revision }: SessionName,
    body: Uint8Array | null,
    signal: AbortSignal,
    more: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: Buffer; isBinary: boolean } | null> {
    const address = this.#options.addressOf(node);
    if (address === null) return null;
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await this.#pool(address).request({
        path: `/peer/${what}`,
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#options.key}`,
          'x-session': sid,
          'x-speaks': speaks,
          'x-revision': String(revision),
          'x-node': String(this.#options.self),
          ...more,
        },
        body: body ?? '',
        signal,
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      return {
        status: statusCode,
        body: bytes,
        isBinary: headers['content-type'] === 'application/octet-stream',
      };
    } catch (error) {
      const facts = { peer: node, err: error };
      if (!signal.aborted) this.#options.lines.warn('no answer', facts, 'another node does not answer');
      return null;
    }
  }

  #pool(address: string): Pool {
    let pool = this.#pools.get(address);
    if (pool === undefined) {
      pool = new Pool(`http://${address}`, {
        connections: CONNECTIONS,
        pipelining: 1,
        keepAliveTimeout: KEEP_ALIVE,
        // A poll waits for packets as long as the session lives; its client's end is what ends it.
        headersTimeout: 0,
        bodyTimeout: 0,
        connectTimeout: 5_000,
      });
      this.#pools.set(address, pool);
    }
    return pool;
  }
}

function errorNamed(text: string): EngineErrorName {
  return Object.hasOwn(ENGINE_ERRORS, text) ? (text as EngineErrorName) : 'internal';
}
