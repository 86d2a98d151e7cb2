import { MemoryDedupWindow } from '../../src/adapters/memory/dedup-window.ts';
import type { ErrorCode } from '../../src/runtime/errors/holdfast-error.ts';
import type { Clock } from '../../src/runtime/ports/clock.ts';
import type { Log } from '../../src/runtime/ports/log.ts';
import type { PushMethod } from '../../src/runtime/ports/push-method.ts';
import { PushEndpoint, type PushRequestHeaders } from '../../src/runtime/push/push-endpoint.ts';
import { PushService } from '../../src/runtime/push/push-service.ts';
import { PushTokens } from '../../src/runtime/push/push-tokens.ts';
import type { Tracer } from '../../src/runtime/trace/tracer.ts';
import { RecordingDeliverer } from './recording-deliverer.ts';

export const TOKEN = { name: 'billing', secret: 's3cret-of-billing' };
export const OTHER_TOKEN = { name: 'chat', secret: 's3cret-of-chat' };

export interface Counted {
  readonly method: PushMethod;
  readonly code: 'ok' | ErrorCode;
  readonly token: string;
}

/** The push API on a deliverer that only takes notes. */
export class PushFixture {
  readonly deliverer = new RecordingDeliverer();
  readonly counted: Counted[] = [];
  readonly endpoint: PushEndpoint;
  readonly service: PushService;
  readonly clock: Clock;
  #ids = 0;

  constructor(clock: Clock = realClock, tokens = [TOKEN, OTHER_TOKEN], tracer?: Tracer) {
    this.clock = clock;
    this.service = new PushService({
      deliverer: this.deliverer,
      dedup: new MemoryDedupWindow({ clock }),
      nextId: () => `${++this.#ids}`,
      log: silentLog,
    });
    this.endpoint = new PushEndpoint({
      service: this.service,
      tokens: new PushTokens(tokens),
      metrics: {
        finished: (method, code, token) => this.counted.push({ method, code, token }),
        lineHeldBack: () => undefined,
      },
      clock,
      log: silentLog,
      tracer,
    });
  }

  /** Calls a method in JSON, without a network. */
  async call(method: PushMethod, request: unknown, secret = TOKEN.secret): Promise<Called> {
    const body = Buffer.from(typeof request === 'string' ? request : JSON.stringify(request));
    const reply = await this.endpoint.unary(method, headersWith(`Bearer ${secret}`), 'json', body);
    return { status: reply.status, body: JSON.parse(String(reply.body)) as Record<string, unknown> };
  }
}

export function headersWith(authorization: string): PushRequestHeaders {
  return { authorization, traceparent: '', system: 'connect_rpc' };
}

export interface Called {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export const silentLog: Log = {
  follows: false,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

export const realClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after: (ms, callback) => setTimeout(callback, ms),
  every: (ms, callback) => setInterval(callback, ms).unref(),
  cancel: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
