import type { ServerResponse } from 'node:http';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { AdminRoute } from './admin-route.ts';
import { InspectorFiles } from './inspector-files.ts';

const files = new InspectorFiles();

/** Nothing but the files of this page may run, load or be sent to; nobody may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * The inspector's page, for whoever asks for HTML: `GET /inspect` is JSON to everybody else. It carries no data and needs
 * no token; it asks for one when the data are refused.
 */
export const INSPECTOR_PAGE: AdminRoute = {
  path: /^\/inspect\/?$/,
  open: true,
  accepts: 'text/html',
  methods: { GET: ({ response }) => serve(response, '/inspect', 'no-cache') },
};

/** What the page loads. Names change with content. */
export const INSPECTOR_ASSETS: AdminRoute = {
  path: /^(\/inspect\/assets\/[\w.-]+)$/,
  open: true,
  methods: { GET: ({ response, params: [path = ''] }) => serve(response, path, FOR_EVER) },
};

async function serve(response: ServerResponse, path: string, cacheControl: string): Promise<void> {
  const file = await files.find(path);
  if (file === undefined) {
    const why =
      path === '/inspect' ? 'the inspector page is not built: npm run build' : `there is nothing at ${path}`;
    throw new HoldfastError('not_found', why);
  }
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': file.body.length,
    'cache-control': cacheControl,
    'content-security-policy': POLICY,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  response.end(file.body);
}
