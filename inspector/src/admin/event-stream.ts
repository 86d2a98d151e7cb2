import { AdminError, type Query, request } from './admin-client.ts';

export interface StreamEvent {
  /** `message` where the server names none. */
  readonly name: string;
  readonly data: unknown;
}

/** Server-sent events (HTML standard) by `fetch`: an `EventSource` could not carry the token. Throws `AdminError`. */
export async function* events(
  path: string,
  query: Query,
  signal: AbortSignal,
  opened = () => {},
): AsyncGenerator<StreamEvent> {
  const answer = await request(path, query, { signal });
  opened();
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const event = readEvent(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Null for comments, which keep the line warm. */
export function readEvent(block: string): StreamEvent | null {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (line.startsWith('event:')) name = value;
    else if (line.startsWith('data:')) data.push(value);
  }
  return data.length === 0 ? null : { name, data: JSON.parse(data.join('\n')) };
}

const AGAIN = 1000;

export interface Following {
  readonly receive: (event: StreamEvent) => void;
  /** True once events come, false when the stream has broken off. */
  readonly live: (isLive: boolean) => void;
  /** It may come back, and is tried again. */
  readonly stumbled?: (error: AdminError) => void;
  /** It will not come back by itself. */
  readonly failed: (error: AdminError) => void;
  /** The server has begun to answer: what happens from now on will come. */
  readonly opened?: () => void;
}

/** Follows a stream and begins anew whenever it breaks off, until the returned function is called. */
export function follow(
  path: string,
  query: Query,
  { receive, live, stumbled, failed, opened }: Following,
): () => void {
  const abort = new AbortController();
  const run = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        for await (const event of events(path, query, abort.signal, opened)) {
          live(true);
          receive(event);
        }
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error instanceof AdminError && error.status >= 400 && error.status < 500) {
          live(false);
          failed(error);
          return;
        }
        if (error instanceof AdminError) stumbled?.(error);
      }
      if (abort.signal.aborted) return;
      live(false);
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  };
  run();
  return () => abort.abort();
}
