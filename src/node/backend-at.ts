import type { BackendClient, BackendClientOptions } from '../adapters/connect/backend-client.ts';
import { createBackendClient } from '../adapters/connect/create-backend-client.ts';
import type { Config } from '../runtime/config/config.ts';

/** The backend behind `url`, called as `backend.*` says. */
export function backendAt(
  url: string,
  { backend, push }: Config,
  helpers: Pick<BackendClientOptions, 'reader' | 'clock' | 'random'>,
): BackendClient {
  return createBackendClient({
    url,
    timeout: backend.timeout,
    secret: backend.secret,
    absentFor: backend.absentFor,
    connections: backend.concurrency,
    maxAnswer: push.maxBody,
    ...helpers,
  });
}
