/** The three calls of `holdfast.v1.PushService` that the demo makes, as plain JSON over HTTP. */
export interface PushClient {
  /** Resolves once the gateway's bus has accepted the event. */
  emit(request: EmitRequest): Promise<void>;
  /** Resolves when every addressed socket acknowledged, or `timeout` (`"2s"`) passed. */
  emitAndCount(request: EmitRequest, timeout: string): Promise<{ acked: number; expected: number }>;
}

export interface EmitRequest {
  readonly to: { readonly sockets?: readonly string[]; readonly rooms?: readonly string[] };
  readonly event: string;
  readonly args: readonly unknown[];
  /** Base64, one for each `{"_placeholder":true,"num":n}` in `args`. */
  readonly attachments?: readonly string[];
  readonly volatile?: boolean;
}

/** The demo's own namespace: it stays out of the way of whatever else uses the gateway. */
export const DEMO_NAMESPACE = '/demo';

/**
 * `url` says where the push API listens, asked at each call because the port may be chosen later; `token` is the
 * secret of one of `push.tokens`, if there are any.
 */
export function pushClient(url: () => string, token?: string): PushClient {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;

  async function call(body: object): Promise<{ acked?: number; expected?: number }> {
    const endpoint = new URL('/holdfast.v1.PushService/Emit', url());
    const pushed = JSON.stringify({ namespace: DEMO_NAMESPACE, ...body });
    const response = await fetch(endpoint, { method: 'POST', headers, body: pushed });
    const text = await response.text();
    if (!response.ok) throw new Error(`Emit answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  return {
    async emit(request) {
      await call(request);
    },
    async emitAndCount(request, timeout) {
      // Fields that are zero are left out of protobuf's JSON.
      const { acked = 0, expected = 0 } = await call({ ...request, ack: { timeout, collect: 'count' } });
      return { acked, expected };
    },
  };
}
