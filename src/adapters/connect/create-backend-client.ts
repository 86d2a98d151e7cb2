import type { BackendClient, BackendClientOptions } from './backend-client.ts';
import { parseBackendUrl } from './backend-url.ts';
import { JsonBackendClient } from './json-backend-client.ts';
import { ProtoBackendClient } from './proto-backend-client.ts';

/** The client that speaks what the scheme of `options.url` asks for. */
export function createBackendClient(options: BackendClientOptions): BackendClient {
  const address = parseBackendUrl(options.url);
  return address.protocol === 'connect-json'
    ? new JsonBackendClient(address.baseUrl, options)
    : new ProtoBackendClient(address, options);
}
