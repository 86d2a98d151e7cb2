import uWS, { type HttpRequest, type HttpResponse } from 'uWebSockets.js';
import { gunzip } from 'node:zlib';
import { ERROR_CODES, HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import { PUSH_METHODS, type PushMethod } from '../../runtime/ports/push-method.ts';
import { errorReply, type PushEndpoint, type PushForm } from '../../runtime/push/push-endpoint.ts';
import { writeErrorJson } from '../../runtime/push/write-json.ts';
import { statusLine } from './http-status.ts';
import { type Listening, listen } from './listen.ts';
import { PushExchange, writeReply } from './push-exchange.ts';
import { type PushHeaders, readPushHeaders, readTimeout } from './push-headers.ts';
import { receiveBody } from './request-body.ts';

export interface PushListenerOptions {
  readonly endpoint: PushEndpoint;
  readonly clock: Clock;
  /** Largest request, compressed and not, in bytes. */
  readonly maxBody: number;
}

/**
 * The short path of the push API (`push.listen`): Connect's unary protocol over HTTP/1.1, JSON and protobuf.
 * Source: https://connectrpc.com/docs/protocol, "Unary-Request".
 */
export class PushListener {
  readonly #endpoint: PushEndpoint;
  readonly #clock: Clock;
  readonly #maxBody: number;
  readonly #app = uWS.App();
  #listening: Listening | null = null;

  constructor({ endpoint, clock, maxBody }: PushListenerOptions) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#maxBody = maxBody;
    for (const method of PUSH_METHODS) {
      const path = `/holdfast.v1.PushService/${method}`;
      this.#app.post(path, (response, request) => this.#post(method, response, request));
      this.#app.any(path, (response) => {
        refuse(response, 405, 'unimplemented', `${method} is called by POST`, 'Allow', 'POST');
      });
    }
    this.#app.any('/*', (response, request) => {
      const problem = `there is no ${request.getUrl()} here: methods are POST /holdfast.v1.PushService/<Method>`;
      refuse(response, 404, 'unimplemented', problem);
    });
  }

  /** Resolves with the port; rejects when the address cannot be had. */
  async listen(host: string, port: number): Promise<number> {
    // Exclusive, or a second process would silently take half of the requests.
    this.#listening = await listen(this.#app, host, port, 'exclusive');
    return this.#listening.port;
  }

  /** Takes no new connections. */
  stopListening(): void {
    this.#listening?.stop();
    this.#listening = null;
  }

  /** Closes what is left, too. */
  close(): void {
    this.#listening = null;
    this.#app.close();
  }

  #post(method: PushMethod, response: HttpResponse, request: HttpRequest): void {
    try {
      this.#endpoint.admit(request.getHeader('host'));
    } catch (error) {
      const { code, message } = error as HoldfastError;
      refuse(response, ERROR_CODES[code], code, message);
      return;
    }
    const headers = readPushHeaders(request);
    const { form, encoding } = headers;
    if (form === null) {
      const types = 'application/json, application/proto';
      refuse(response, 415, 'invalid_argument', `Content-Type must be one of ${types}`, 'Accept-Post', types);
      return;
    }
    if (encoding !== '' && encoding !== 'identity' && encoding !== 'gzip') {
      const problem = `Content-Encoding ${JSON.stringify(encoding)} is not supported: gzip or identity are`;
      refuse(response, 501, 'unimplemented', problem, 'Accept-Encoding', 'gzip, identity');
      return;
    }
    receiveBody(response, headers.length, this.#maxBody, (body) => {
      if (body === 'aborted') return;
      if (body === 'too large') {
        refuse(response, 429, 'resource_exhausted', `the request has more than ${this.#maxBody} bytes`);
      } else if (encoding === 'gzip') {
        this.#unzip(method, form, headers, body, response);
      } else {
        this.#answer(method, form, headers, body, response);
      }
    });
  }

  #answer(
    method: PushMethod,
    form: PushForm,
    headers: PushHeaders,
    body: Buffer,
    response: HttpResponse,
  ): void {
    let limit: number;
    try {
      limit = readTimeout(headers.timeout);
    } catch (error) {
      writeReply(response, errorReply(error as HoldfastError));
      return;
    }
    const reply = this.#endpoint.unary(method, headers, form, body);
    if (!(reply instanceof Promise)) {
      writeReply(response, reply);
      return;
    }
    const exchange = new PushExchange(response, this.#clock);
    exchange.expectWithin(limit);
    void reply.then((value) => exchange.reply(value));
  }

  #unzip(
    method: PushMethod,
    form: PushForm,
    headers: PushHeaders,
    body: Buffer,
    response: HttpResponse,
  ): void {
    // Refused before anything is inflated for a stranger.
    try {
      this.#endpoint.authenticate(headers.authorization);
    } catch (error) {
      writeReply(response, errorReply(error as HoldfastError));
      return;
    }
    let aborted = false;
    response.onAborted(() => {
      aborted = true;
    });
    gunzip(Buffer.from(body), { maxOutputLength: this.#maxBody }, (error, inflated) => {
      if (aborted) return;
      if (error === null) this.#answer(method, form, headers, inflated, response);
      else writeReply(response, errorReply(unzipError(error, this.#maxBody)));
    });
  }
}

function unzipError(error: NodeJS.ErrnoException, limit: number): HoldfastError {
  return error.code === 'ERR_BUFFER_TOO_LARGE'
    ? new HoldfastError('resource_exhausted', `the request inflates to more than ${limit} bytes`)
    : new HoldfastError('invalid_argument', `the request is not gzip: ${error.message}`);
}

/** An answer without reading the body, so the connection cannot be used again. */
function refuse(
  response: HttpResponse,
  status: number,
  code: HoldfastError['code'],
  problem: string,
  header?: string,
  value?: string,
): void {
  response.cork(() => {
    response.writeStatus(statusLine(status)).writeHeader('Content-Type', 'application/json');
    if (header !== undefined && value !== undefined) response.writeHeader(header, value);
    response.end(writeErrorJson(new HoldfastError(code, problem)), true);
  });
}
