/** An answer of the push API that is an error. */
export class PushFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Calls a method of the push API at `base`; throws `PushFailure` when the answer is an error. */
export async function push(
  base: string,
  method: string,
  request: object,
  timeout = 10_000,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${base}/holdfast.v1.PushService/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(timeout),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new PushFailure(String(body.code), `${method}: ${String(body.message)}`);
  return body;
}
