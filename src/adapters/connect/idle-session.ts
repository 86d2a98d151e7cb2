import type { ServerHttp2Session } from 'node:http2';

/**
 * Ends an HTTP/2 session (GOAWAY) on which no stream has been open for `after` milliseconds, as gRPC servers do after
 * MAX_CONNECTION_IDLE. An open stream, however silent, keeps its session: subscribers wait that way.
 */
export function closeWhenIdle(session: ServerHttp2Session, after: number): void {
  let open = 0;
  const timer = setTimeout(() => {
    if (open === 0) session.close();
  }, after).unref();
  session.on('stream', (stream) => {
    open++;
    stream.once('close', () => {
      if (--open === 0) timer.refresh();
    });
  });
  session.once('close', () => clearTimeout(timer));
}
