import type { HttpResponse } from 'uWebSockets.js';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import { errorReply, type PushReply } from '../../runtime/push/push-endpoint.ts';
import { statusLine } from './http-status.ts';

/**
 * The answer to one request that could not be given at once: exactly one of the reply, the timeout and the
 * client's leaving comes first. The socket library ends the process when an aborted response is touched.
 */
export class PushExchange {
  #open = true;
  #timer: TimerHandle | null = null;
  readonly #response: HttpResponse;
  readonly #clock: Clock;

  constructor(response: HttpResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
    response.onAborted(() => this.#settle());
  }

  /** `timeout` in milliseconds, 0 for none. */
  expectWithin(timeout: number): void {
    if (timeout === 0) return;
    this.#timer = this.#clock.after(timeout, () => {
      this.#timer = null;
      this.reply(errorReply(new HoldfastError('deadline_exceeded', 'Connect-Timeout-Ms passed')));
    });
  }

  reply(reply: PushReply): void {
    if (!this.#settle()) return;
    writeReply(this.#response, reply);
  }

  #settle(): boolean {
    const wasOpen = this.#open;
    this.#open = false;
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
    return wasOpen;
  }
}

export function writeReply(response: HttpResponse, reply: PushReply): void {
  response.cork(() => {
    if (reply.status !== 200) response.writeStatus(statusLine(reply.status));
    response.writeHeader('Content-Type', reply.type).end(reply.body);
  });
}
