import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Mood = 'answers' | 'refuses logins' | 'fails' | 'is silent';

/** A backend that can be told to fail. It knows everybody by the name they give. */
export class MoodyBackend {
  readonly url: string;
  private readonly server: ReturnType<typeof createServer>;
  private readonly held = new Set<ServerResponse>();
  private present: Mood = 'answers';

  private constructor(server: ReturnType<typeof createServer>) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<MoodyBackend> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const backend = new MoodyBackend(server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { auth?: { user?: string } };
      backend.answer((request.url ?? '').split('/').at(-1)!, body.auth?.user ?? 'nobody', response);
    });
    return backend;
  }

  /** What it held back is answered with the next mood. */
  set mood(mood: Mood) {
    this.present = mood;
    for (const response of this.held) response.end('{}');
    this.held.clear();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private answer(method: string, user: string, response: ServerResponse): void {
    const isLogin = method === 'OnAuthenticate';
    const fails = this.present === 'fails' ? !isLogin : this.present === 'refuses logins' && isLogin;
    response.writeHead(fails ? 503 : 200, { 'content-type': 'application/json' });
    if (fails) response.end(JSON.stringify({ code: 'unavailable', message: 'not today' }));
    else if (isLogin) response.end(JSON.stringify({ user }));
    else if (this.present === 'is silent') this.held.add(response);
    else response.end(method === 'OnMessage' ? JSON.stringify({ ack: { args: [] } }) : '{}');
  }
}
