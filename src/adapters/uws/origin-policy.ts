import type { HttpResponse } from 'uWebSockets.js';

/**
 * Which browser pages may talk to us (`clients.origins`), and the CORS headers that tell them so.
 *
 * Requests without `Origin` do not come from a page and pass. The check runs on every request, handshakes,
 * upgrades and polls alike, because a WebSocket is not bound by the same-origin policy (CSWSH).
 * Source: Fetch standard, "CORS protocol".
 */
export class OriginPolicy {
  private readonly any: boolean;
  private readonly origins: ReadonlySet<string>;

  /** @param origins exact origins (`https://app.example.com`), or `*`; empty means same origin. */
  constructor(origins: readonly string[]) {
    this.any = origins.includes('*');
    this.origins = new Set(origins.map((origin) => origin.toLowerCase()));
  }

  allows(origin: string, host: string): boolean {
    if (origin === '' || this.any) return true;
    const wanted = origin.toLowerCase();
    return this.origins.has(wanted) || wanted.slice(wanted.indexOf('://') + 3) === host.toLowerCase();
  }

  /** Writes the headers that let the page read the answer. Call only for origins that `allows` accepted. */
  writeHeaders(response: HttpResponse, origin: string): void {
    if (origin === '') return;
    if (this.any) {
      // Never together with credentials: any page could then act as the user.
      response.writeHeader('Access-Control-Allow-Origin', '*');
      return;
    }
    response.writeHeader('Access-Control-Allow-Origin', origin);
    response.writeHeader('Access-Control-Allow-Credentials', 'true');
    response.writeHeader('Vary', 'Origin');
  }
}
