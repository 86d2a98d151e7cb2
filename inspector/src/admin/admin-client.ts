import { signal } from '@preact/signals';
import { filter } from './place.ts';

const TOKEN = 'holdfast.admin.token';

/** `admin.token`; kept for as long as the tab is open. */
export const token = signal(sessionStorage.getItem(TOKEN) ?? '');
/** The listener wants a token that it was not given. */
export const isLocked = signal(false);

export type Query = Readonly<Record<string, string | number | undefined>>;

/** The listener said no; `status` is that of HTTP, 0 when nobody answered. */
export class AdminError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function unlock(given: string): void {
  sessionStorage.setItem(TOKEN, given);
  token.value = given;
  isLocked.value = false;
}

/** Parsed JSON of the answer. Throws `AdminError`. */
export async function ask<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
  const answer = await request(path, query, { signal });
  return (await answer.json()) as Answer;
}

/** Asks for something to be done. Throws `AdminError`. */
export async function act<Answer>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
  query: Query = {},
): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const answer = await request(path, query, { method, headers, body: body && JSON.stringify(body) });
  return (await answer.json()) as Answer;
}

/** Asks the node that is looked at, through the one that serves this page; `node` in the query says otherwise, empty for the latter. */
export async function request(path: string, query: Query, init: RequestInit): Promise<Response> {
  const parameters = new URLSearchParams();
  const looked = path === '/inspect/nodes' ? {} : { node: filter.peek().node };
  for (const [name, value] of Object.entries({ ...looked, ...query })) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json, text/event-stream');
  if (token.value !== '') headers.set('authorization', `Bearer ${token.value}`);
  const target = parameters.size > 0 ? `${path}?${parameters}` : path;
  const answer = await fetch(target, { ...init, headers }).catch((error: unknown) => {
    if ((error as Error).name === 'AbortError') throw error;
    throw new AdminError(0, 'the node that serves this page does not answer');
  });
  if (answer.ok) return answer;
  if (answer.status === 401) isLocked.value = true;
  const body = (await answer.json().catch(() => ({}))) as { message?: string };
  throw new AdminError(answer.status, body.message ?? `answered with ${answer.status}`);
}
