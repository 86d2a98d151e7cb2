import type { HttpRequest } from 'uWebSockets.js';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { PushForm } from '../../runtime/push/push-endpoint.ts';

/** What the headers of a unary Connect request say. The library's request object does not outlive its callback. */
export interface PushHeaders {
  readonly authorization: string;
  readonly traceparent: string;
  readonly system: 'connect_rpc';
  /** `null`: neither JSON nor protobuf. */
  readonly form: PushForm | null;
  readonly encoding: string;
  /** -1 when not announced. */
  readonly length: number;
  /** `Connect-Timeout-Ms` as it was sent, or empty. */
  readonly timeout: string;
}

export function readPushHeaders(request: HttpRequest): PushHeaders {
  const length = request.getHeader('content-length');
  return {
    authorization: request.getHeader('authorization'),
    traceparent: request.getHeader('traceparent'),
    system: 'connect_rpc',
    form: formOf(request.getHeader('content-type')),
    encoding: request.getHeader('content-encoding'),
    length: length === '' ? -1 : Number(length),
    timeout: request.getHeader('connect-timeout-ms'),
  };
}

function formOf(type: string): PushForm | null {
  if (type === 'application/json') return 'json';
  if (type === 'application/proto') return 'proto';
  // With parameters, such as charset=utf-8, or in other case.
  const bare = type.split(';', 1)[0]!.trim().toLowerCase();
  if (bare === 'application/json') return 'json';
  return bare === 'application/proto' ? 'proto' : null;
}

/** Connect protocol, "Unary-Request": at most ten digits. Milliseconds; 0 stands for no timeout. */
export function readTimeout(text: string): number {
  if (text === '') return 0;
  if (/^[0-9]{1,10}$/.test(text) && Number(text) > 0) return Number(text);
  throw new HoldfastError(
    'invalid_argument',
    `Connect-Timeout-Ms: ${JSON.stringify(text.slice(0, 32))} must be a positive number of milliseconds`,
  );
}
