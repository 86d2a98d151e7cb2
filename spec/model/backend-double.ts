import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Question {
  readonly auth?: { readonly user?: string } | null;
  readonly query?: Readonly<Record<string, string>>;
}

/** A backend that takes its time: `OnAuthenticate` waits until the test decides; everything else is answered at once. */
export class BackendDouble {
  readonly url: string;
  private readonly server: ReturnType<typeof createServer>;
  private readonly asked = new Map<string, ServerResponse>();
  private readonly waiting = new Map<string, () => void>();

  private constructor(server: ReturnType<typeof createServer>) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<BackendDouble> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const double = new BackendDouble(server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (!request.url?.endsWith('/OnAuthenticate')) return answer(response, 200, {});
      const { auth, query } = JSON.parse(Buffer.concat(chunks).toString()) as Question;
      double.hold(auth?.user ?? query?.user ?? '', response);
    });
    return double;
  }

  /** Resolves when the login of this user has arrived and waits. */
  async arrived(user: string): Promise<void> {
    if (this.asked.has(user)) return;
    await new Promise<void>((resolve) => this.waiting.set(user, resolve));
  }

  /** @param expiresAt ms since 1970, or null for a login without end */
  async accept(user: string, expiresAt: number | null = null): Promise<void> {
    const end = expiresAt === null ? {} : { expiresAt: new Date(expiresAt).toISOString() };
    answer(await this.take(user), 200, { user, ...end });
  }

  async refuse(user: string): Promise<void> {
    answer(await this.take(user), 401, { code: 'unauthenticated', message: 'who are you?' });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private hold(user: string, response: ServerResponse): void {
    this.asked.set(user, response);
    this.waiting.get(user)?.();
    this.waiting.delete(user);
  }

  private async take(user: string): Promise<ServerResponse> {
    await this.arrived(user);
    const response = this.asked.get(user)!;
    this.asked.delete(user);
    return response;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
