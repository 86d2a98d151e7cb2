import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { PUSH_METHODS, type PushMethod } from '../../runtime/ports/push-method.ts';
import { errorReply, type PushEndpoint, type PushReply } from '../../runtime/push/push-endpoint.ts';

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

const METHODS: ReadonlyMap<string, PushMethod> = new Map(
  PUSH_METHODS.map((method) => [`/holdfast.v1.PushService/${method}`, method]),
);

/**
 * Connect's unary JSON on this port is answered by the same code as on the short path, so that both answer with the
 * same bytes: same fields, same words in errors. Returns null for what is Connect's adapter's to answer: other
 * protocols and forms, compressed requests, requests with a deadline.
 */
export function unaryJsonMethod(request: NodeRequest): PushMethod | null {
  const { headers } = request;
  if (request.method !== 'POST' || headers['connect-timeout-ms'] !== undefined) return null;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return null;
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' ? (METHODS.get(request.url ?? '') ?? null) : null;
}

export async function answerUnaryJson(
  endpoint: PushEndpoint,
  method: PushMethod,
  maxBody: number,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  let reply: PushReply;
  try {
    const body = await bodyOf(request, maxBody);
    const { authorization = '', traceparent } = request.headers;
    // Sent twice it is none.
    const trace = typeof traceparent === 'string' ? traceparent : '';
    const headers = { authorization, traceparent: trace, system: 'connect_rpc' } as const;
    reply = await endpoint.unary(method, headers, 'json', body);
  } catch (error) {
    // Only ours: the client that left while sending gets no answer.
    if (!(error instanceof HoldfastError)) return;
    reply = errorReply(error);
    if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
  }
  if (response.writableEnded || response.destroyed) return;
  response.statusCode = reply.status;
  response.setHeader('content-type', reply.type);
  (response as ServerResponse).end(reply.body);
}

async function bodyOf(request: NodeRequest, maxBody: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBody) {
      throw new HoldfastError('resource_exhausted', `the request has more than ${maxBody} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
