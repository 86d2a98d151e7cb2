import uWS, { type HttpRequest, type HttpResponse } from 'uWebSockets.js';
import { timingSafeEqual } from 'node:crypto';
import { serialize } from 'node:v8';
import type { Connection } from '../../runtime/connection/connection.ts';
import type { Engine, Speaks } from '../../runtime/connection/engine.ts';
import { ENGINE_ERRORS, type EngineErrorName } from '../../runtime/errors/engine-error.ts';
import type { Departures } from '../../runtime/handover/departures.ts';
import type { PostFailure, SessionName } from '../../runtime/ports/peers.ts';
import type { Poll } from '../../runtime/ports/poll.ts';
import { statusLine } from './http-status.ts';
import { type Listening, listen } from './listen.ts';
import { receiveBody } from './request-body.ts';

export interface PeerListenerOptions {
  readonly engine: () => Engine | null;
  /** Null while no session may leave. */
  readonly departures: () => Departures | null;
  /** Whether a session is on its way here, and not yet in the engine's hands. */
  readonly expects: (sid: string) => boolean;
  /** Bearer token that only nodes of the cluster can know. */
  readonly key: string;
  readonly maxPayload: number;
}

/**
 * Where other nodes ask on behalf of clients that came to them (`cluster.listen`). Serves the polling transport as the
 * clients' port does, without its rules for browsers: those were kept where the client came in.
 */
export class PeerListener {
  private readonly options: PeerListenerOptions;
  private readonly expected: Buffer;
  private readonly app = uWS.App();
  private listening: Listening | null = null;

  constructor(options: PeerListenerOptions) {
    this.options = options;
    this.expected = Buffer.from(`Bearer ${options.key}`);
    this.app.post('/peer/poll', (response, request) => this.poll(response, request));
    this.app.post('/peer/post', (response, request) => this.post(response, request, false));
    this.app.post('/peer/post-binary', (response, request) => this.post(response, request, true));
    this.app.post('/peer/post/:failure', (response, request) => this.postFailed(response, request, false));
    this.app.post('/peer/post-binary/:failure', (response, request) =>
      this.postFailed(response, request, true),
    );
    this.app.post('/peer/holds', (response, request) => this.holds(response, request));
    this.app.post('/peer/candidate/:step', (response, request) => this.candidate(response, request));
    this.app.any('/*', (response) => {
      response.writeStatus(statusLine(404)).end();
    });
  }

  /** Resolves with the port. */
  async listen(host: string, port: number): Promise<number> {
    this.listening = await listen(this.app, host, port, 'exclusive');
    return this.listening.port;
  }

  close(): void {
    this.listening = null;
    this.app.close();
  }

  private poll(response: HttpResponse, request: HttpRequest): void {
    const connection = this.session(response, request);
    const engine = this.options.engine();
    if (connection === null || engine === null) return;
    const poll = new PeerPoll(response);
    response.onAborted(() => {
      if (poll.isOver) return;
      poll.isOver = true;
      engine.polling.aborted(connection, poll);
    });
    const refusal = engine.polling.poll(connection, poll);
    if (refusal === null) return;
    poll.isOver = true;
    refuse(response, refusal);
  }

  private post(response: HttpResponse, request: HttpRequest, binary: boolean): void {
    const connection = this.session(response, request);
    const engine = this.options.engine();
    if (connection === null || engine === null) return;
    const announced = Number(request.getHeader('content-length') || 0);
    const posting = engine.polling.beginPost(connection, binary);
    if (typeof posting === 'string') return refuse(response, posting);
    receiveBody(response, announced, this.options.maxPayload, (body) => {
      if (body === 'aborted') return engine.polling.postAborted(posting);
      if (body === 'too large') {
        engine.polling.postTooLarge(posting);
        return refuse(response, 'payloadTooLarge');
      }
      const refusal = engine.polling.post(posting, body, binary);
      if (refusal !== null) return refuse(response, refusal);
      response.cork(() => void response.writeStatus(statusLine(200)).end());
    });
  }

  private postFailed(response: HttpResponse, request: HttpRequest, binary: boolean): void {
    const failure = request.getParameter(0) ?? '';
    const connection = this.session(response, request);
    const engine = this.options.engine();
    if (connection === null || engine === null) return;
    if (!isPostFailure(failure)) return refuse(response, 'badRequest');
    const refusal = engine.polling.postFailed(connection, binary, failure);
    if (refusal !== null) return refuse(response, refusal);
    response.cork(() => void response.writeStatus(statusLine(200)).end());
  }

  private candidate(response: HttpResponse, request: HttpRequest): void {
    const step = request.getParameter(0) ?? '';
    const asker = {
      node: Number(request.getHeader('x-node')),
      visit: Number(request.getHeader('x-visit')),
    };
    const connection = this.session(response, request);
    if (connection === null) return;
    const departures = this.options.departures();
    if (departures === null) return refuse(response, 'unavailable');
    let isAborted = false;
    response.onAborted(() => {
      isAborted = true;
    });
    const answer = (body: string | Uint8Array | null) => {
      if (isAborted) return;
      if (body === null) refuse(response, 'badRequest');
      else response.cork(() => void response.end(body));
    };
    switch (step) {
      case 'open':
        return answer(departures.candidateOpened(connection, asker) ? '' : null);
      case 'probe':
        return answer(departures.probed(connection, asker));
      case 'upgrade':
        return void departures
          .upgraded(connection, asker)
          .then((passport) => answer(passport === null ? null : serialize(passport)))
          .catch(() => answer(null));
      case 'arrived':
        return answer(departures.arrived(connection, asker) ? '' : null);
      case 'settled':
        departures.settled(connection, asker);
        return answer('');
      case 'lost':
        departures.candidateLost(connection, asker);
        return answer('');
      default:
        return answer(null);
    }
  }

  /** 200: it runs here. 202: it may, in a moment. 404: it does not. 503: this node is nobody at the moment. */
  private holds(response: HttpResponse, request: HttpRequest): void {
    const engine = this.options.engine();
    const isPeer = this.isPeer(request.getHeader('authorization'));
    if (engine === null || !isPeer) {
      response.cork(() => void response.writeStatus(statusLine(isPeer ? 503 : 401)).end());
      return;
    }
    const { sid, speaks, revision } = named(request);
    const isHere = engine.find(sid, speaks, revision) !== null;
    const status = isHere ? 200 : this.options.expects(sid) ? 202 : 404;
    response.cork(() => void response.writeStatus(statusLine(status)).end());
  }

  /** Null when the request was answered already. */
  private session(response: HttpResponse, request: HttpRequest): Connection | null {
    if (!this.isPeer(request.getHeader('authorization'))) {
      response.cork(() => void response.writeStatus(statusLine(401)).end());
      return null;
    }
    const { sid, speaks, revision } = named(request);
    const connection = this.options.engine()?.find(sid, speaks, revision) ?? null;
    if (connection === null) refuse(response, 'unknownSession');
    return connection;
  }

  private isPeer(authorization: string): boolean {
    const presented = Buffer.from(authorization);
    return presented.length === this.expected.length && timingSafeEqual(presented, this.expected);
  }
}

/** A GET for packets that came by another node. */
class PeerPoll implements Poll {
  isOver = false;
  private readonly response: HttpResponse;

  constructor(response: HttpResponse) {
    this.response = response;
  }

  respond(payload: string | Uint8Array): void {
    if (this.isOver) return;
    this.isOver = true;
    const { response } = this;
    response.cork(() => {
      const type = typeof payload === 'string' ? 'text/plain' : 'application/octet-stream';
      response.writeHeader('Content-Type', type).end(payload);
    });
  }
}

function isPostFailure(word: string): word is PostFailure {
  return word === 'oversized' || word === 'illegal' || word === 'aborted';
}

function named(request: HttpRequest): SessionName {
  return {
    sid: request.getHeader('x-session'),
    speaks: request.getHeader('x-speaks') as Speaks,
    revision: request.getHeader('x-revision') === '3' ? 3 : 4,
  };
}

function refuse(response: HttpResponse, name: EngineErrorName): void {
  response.cork(() => void response.writeStatus(statusLine(ENGINE_ERRORS[name].status)).end(name));
}
