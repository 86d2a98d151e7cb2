import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

const MOST = 1024;

/** The body of a request as text; nearly everything this listener is told is short. */
export async function readBody(request: IncomingMessage, most = MOST): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early would otherwise destroy the socket, and the answer with it.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw new HoldfastError('resource_exhausted', `the body is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
