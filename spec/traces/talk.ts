import { expect } from 'vitest';
import { ask, type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';

export async function connected(url: string): Promise<ClientSocket> {
  const socket = LIBRARIES[0]!.open(url, { user: 'ann', transports: ['websocket'] });
  const greeted = next(socket, 'auth');
  await next(socket, 'connect');
  await greeted;
  return socket;
}

/** A message that is acknowledged, and a push to its sender within a trace of the pusher. */
export async function talk(socket: ClientSocket, pushUrl: string, traceparent: string): Promise<void> {
  expect(await ask(socket, 'message-with-ack', 'tide')).toEqual(['tide']);
  const heard = next(socket, 'news');
  await pushTraced(pushUrl, 'Emit', { to: { users: ['ann'] }, event: 'news', args: [] }, traceparent);
  await heard;
}

/** Calls a method of the push API within a trace. */
export async function pushTraced(
  pushUrl: string,
  method: string,
  request: object,
  traceparent: string,
): Promise<unknown> {
  const answer = await fetch(`${pushUrl}/holdfast.v1.PushService/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent },
    body: JSON.stringify(request),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}
