import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** How a backend is spoken to, and where. */
export interface BackendAddress {
  readonly protocol: 'connect-json' | 'connect-proto' | 'grpc';
  /** `http://…` or `https://…`, without a slash at the end. */
  readonly baseUrl: string;
}

const SCHEMES: Readonly<
  Record<string, { protocol: BackendAddress['protocol']; transport: 'http' | 'https' }>
> = {
  'http:': { protocol: 'connect-json', transport: 'http' },
  'https:': { protocol: 'connect-json', transport: 'https' },
  'http+proto:': { protocol: 'connect-proto', transport: 'http' },
  'https+proto:': { protocol: 'connect-proto', transport: 'https' },
  'grpc:': { protocol: 'grpc', transport: 'http' },
  'grpcs:': { protocol: 'grpc', transport: 'https' },
};

/**
 * Reads `backend.url`: `http(s)://` is Connect JSON, `http(s)+proto://` Connect protobuf, both over HTTP/1.1, and
 * `grpc(s)://` gRPC over HTTP/2 (`grpc://` in clear). A path before the service's name is kept.
 */
export function parseBackendUrl(text: string): BackendAddress {
  const colon = text.indexOf(':') + 1;
  const scheme = SCHEMES[text.slice(0, colon).toLowerCase()];
  // The URL standard treats hosts and paths of schemes it does not know in its own way, so ours go first.
  const plain = `${scheme?.transport}:${text.slice(colon)}`;
  const url = scheme !== undefined && URL.canParse(plain) ? new URL(plain) : null;
  if (scheme === undefined || url === null || url.search !== '' || url.hash !== '' || url.username !== '') {
    const schemes = Object.keys(SCHEMES).join('//, ');
    throw new HoldfastError(
      'invalid_argument',
      `backend.url: ${JSON.stringify(text)} must be ${schemes}// with host, and no user, query or fragment`,
    );
  }
  return { protocol: scheme.protocol, baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}` };
}
