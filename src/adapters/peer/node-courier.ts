import { Agent } from 'undici';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type {
  Neighbour,
  NodeCourier,
  NodeVitals,
  PassedAnswer,
  PassedRequest,
} from '../../runtime/ports/neighbours.ts';

export interface NodeCourierOptions {
  /** Bearer token that only nodes of the cluster can know. */
  readonly key: string;
  /** This node's number at the moment, for the log of the other. */
  readonly self: () => string;
}

/** How long a node may take to say how it is, ms; longer, and it does not answer. */
const VITALS_TIMEOUT = 1_000;
/** How long it may take to begin any other answer, ms: a first census takes half a second. */
const ANSWER_TIMEOUT = 3_000;
const CONNECT_TIMEOUT = 1_000;
const KEEP_ALIVE = 10_000;
const PASSED_BACK = ['content-type', 'content-length', 'content-disposition', 'retry-after'];

/** Asks other nodes' inspection listeners, over HTTP/1.1 connections that are kept. */
export class HttpNodeCourier implements NodeCourier {
  readonly #options: NodeCourierOptions;
  readonly #agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT }, keepAliveTimeout: KEEP_ALIVE });

  constructor(options: NodeCourierOptions) {
    this.#options = options;
  }

  async vitals(of: Neighbour): Promise<NodeVitals> {
    const request = { method: 'GET', path: '/inspect/node', contentType: '', body: '', from: '' };
    const aborted = AbortSignal.timeout(VITALS_TIMEOUT);
    const { status, body } = await this.#ask(of, { ...request, silence: VITALS_TIMEOUT }, aborted);
    try {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      if (status === 200) return JSON.parse(Buffer.concat(chunks).toString()) as NodeVitals;
    } catch (error) {
      throw silent(of, error);
    }
    throw new HoldfastError('unavailable', `node ${of.number} does not say how it is`);
  }

  pass(to: Neighbour, request: PassedRequest, aborted: AbortSignal): Promise<PassedAnswer> {
    return this.#ask(to, request, aborted);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(to: Neighbour, asked: PassedRequest, signal: AbortSignal): Promise<PassedAnswer> {
    const { method, path, contentType, body, from, silence } = asked;
    try {
      const answer = await this.#agent.request({
        origin: `http://${to.inspectAddress}`,
        path,
        method: method as 'GET' | 'POST' | 'PUT' | 'DELETE',
        headers: {
          authorization: `Bearer ${this.#options.key}`,
          'x-holdfast-from': from,
          'x-holdfast-node': this.#options.self(),
          ...(contentType === '' ? {} : { 'content-type': contentType }),
        },
        body: body === '' ? null : body,
        signal,
        headersTimeout: ANSWER_TIMEOUT,
        bodyTimeout: silence,
      });
      if (answer.statusCode === 401) {
        await answer.body.dump();
        // Not the operator's token, which this node has accepted.
        throw new HoldfastError('unavailable', `node ${to.number} does not know this one`);
      }
      const headers: Record<string, string> = {};
      for (const name of PASSED_BACK) {
        const value = answer.headers[name];
        if (typeof value === 'string') headers[name] = value;
      }
      return { status: answer.statusCode, headers, body: answer.body };
    } catch (error) {
      throw error instanceof HoldfastError ? error : silent(to, error);
    }
  }
}

function silent({ number }: Neighbour, cause: unknown): HoldfastError {
  return new HoldfastError('unavailable', `node ${number} does not answer`, { cause });
}
