import type { HttpResponse } from 'uWebSockets.js';
import { encodeJsonpResponse } from '../../runtime/codec/jsonp.ts';
import type { Poll } from '../../runtime/ports/poll.ts';
import type { OriginPolicy } from './origin-policy.ts';

/** A GET of the polling transport, held open until the runtime has packets for it. */
export class UwsPoll implements Poll {
  aborted = false;
  private readonly response: HttpResponse;
  private readonly policy: OriginPolicy;
  private readonly origin: string;
  /** JSONP callback number, or empty. */
  private readonly jsonp: string;
  /** Value of Set-Cookie, or empty. */
  cookie = '';

  constructor(response: HttpResponse, policy: OriginPolicy, origin: string, jsonp: string) {
    this.response = response;
    this.policy = policy;
    this.origin = origin;
    this.jsonp = jsonp;
  }

  respond(payload: string | Uint8Array): void {
    if (this.aborted) return;
    this.aborted = true;
    this.response.cork(() => this.write(payload));
  }

  private write(payload: string | Uint8Array): void {
    const { response } = this;
    if (this.jsonp !== '') {
      response.writeHeader('Content-Type', 'text/javascript; charset=UTF-8');
      response.writeHeader('X-Content-Type-Options', 'nosniff');
    } else if (typeof payload === 'string') {
      response.writeHeader('Content-Type', 'text/plain; charset=UTF-8');
    } else {
      response.writeHeader('Content-Type', 'application/octet-stream');
    }
    response.writeHeader('Cache-Control', 'no-store');
    if (this.cookie !== '') response.writeHeader('Set-Cookie', this.cookie);
    this.policy.writeHeaders(response, this.origin);
    response.end(this.jsonp === '' ? payload : encodeJsonpResponse(this.jsonp, payload as string));
  }
}
