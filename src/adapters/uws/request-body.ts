import type { HttpResponse } from 'uWebSockets.js';

const NOTHING = Buffer.alloc(0);

/**
 * Collects a request's body, up to `limit` bytes. Calls `done` once: with the bytes, or with `'too large'` (the
 * rest is then not kept and the caller should answer at once), or with `'aborted'` (no answer is possible).
 * The bytes given to `done` may be the socket library's own memory: they are valid during the call only.
 */
export function receiveBody(
  response: HttpResponse,
  announced: number,
  limit: number,
  done: (body: Buffer | 'too large' | 'aborted') => void,
): void {
  let chunks: Buffer[] | null = null;
  let size = 0;
  let finished = false;
  const finish = (result: Buffer | 'too large' | 'aborted') => {
    if (finished) return;
    finished = true;
    chunks = null;
    done(result);
  };
  response.onAborted(() => finish('aborted'));
  if (announced > limit) {
    response.onData(() => {});
    return finish('too large');
  }
  response.onData((chunk, isLast) => {
    if (finished) return;
    size += chunk.byteLength;
    if (size > limit) return finish('too large');
    const bytes = Buffer.from(chunk);
    if (isLast && chunks === null) return finish(bytes.length === 0 ? NOTHING : bytes);
    // The library takes its memory back after this callback.
    chunks ??= [];
    chunks.push(Buffer.from(bytes));
    if (isLast) finish(Buffer.concat(chunks, size));
  });
}
