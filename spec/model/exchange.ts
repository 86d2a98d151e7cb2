import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

export interface ExchangeOptions {
  readonly method?: 'GET' | 'POST';
  readonly type?: string;
  readonly body?: string | Buffer;
  /** Announce one more byte than is written, so that the server goes on waiting. */
  readonly unfinished?: boolean;
  readonly agent?: Agent;
}

/** One HTTP request over a real socket, which can be cut off in the middle. */
export class Exchange {
  /** Rejects when the connection ends before the answer does. */
  readonly answer: Promise<Answer>;
  private readonly request: ClientRequest;

  constructor(
    url: string,
    { method = 'GET', type = 'text/plain', body, unfinished, agent }: ExchangeOptions,
  ) {
    const bytes = body === undefined ? null : Buffer.from(body);
    const headers: Record<string, string | number> =
      bytes === null ? {} : { 'content-type': type, 'content-length': bytes.length + (unfinished ? 1 : 0) };
    this.request = request(url, { method, headers, ...(agent === undefined ? {} : { agent }) });
    this.answer = new Promise((resolve, reject) => {
      this.request.once('error', reject);
      this.request.once('response', (response) => read(response).then(resolve, reject));
    });
    this.answer.catch(() => undefined);
    if (unfinished) {
      this.request.flushHeaders();
      if (bytes !== null) this.request.write(bytes);
    } else {
      this.request.end(bytes ?? undefined);
    }
  }

  /** Ends the TCP connection under the request. */
  cut(): void {
    this.request.destroy();
  }
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'] ?? '',
    body: Buffer.concat(chunks),
  };
}
