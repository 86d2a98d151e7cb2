import type { ServerResponse } from 'node:http';
import { ERROR_CODES, HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** Answers with JSON. Nothing here may be kept by a cache or read as anything else. */
export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  answer(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

export function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

/** Answers an error in the form of the push API: `{"code","message"}` with the status that belongs to the code. */
export function answerError(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof HoldfastError ? error : new HoldfastError('internal', 'something went wrong here');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (known.code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer');
  answerJson(response, ERROR_CODES[known.code], { code: known.code, message: known.message });
}
