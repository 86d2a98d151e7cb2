import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Neighbour } from '../../runtime/ports/neighbours.ts';
import type { AdminExchange } from './admin-route.ts';
import { readBody } from './request-body.ts';

/** Has another node answer a request that was let in here. */
export async function passOn(exchange: AdminExchange, to: Neighbour, silence: number): Promise<void> {
  const { request, response, options, query, from } = exchange;
  const { pathname } = new URL(request.url ?? '/', 'http://admin');
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const answer = await options.neighbours.pass(
    to,
    {
      method: request.method ?? 'GET',
      path: query.size === 0 ? pathname : `${pathname}?${query}`,
      contentType: request.headers['content-type'] ?? '',
      body: await readBody(request),
      from,
      silence,
    },
    gone.signal,
  );
  response.writeHead(answer.status, {
    ...answer.headers,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.flushHeaders();
  await pipeline(Readable.from(answer.body, { objectMode: false }), response);
}
