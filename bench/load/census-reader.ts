import { get, type IncomingMessage } from 'node:http';

/** Reads the census stream as the inspector's page does, and how regularly it comes. */
export class CensusReader {
  readonly #response: IncomingMessage;
  /** Milliseconds between two updates, at most, since the last `reset`. */
  longestGap = 0;
  #last = 0;

  static open(adminPort: number): Promise<CensusReader> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: adminPort, path: '/inspect/census/stream' }, (response) => {
        if (response.statusCode === 200) resolve(new CensusReader(response));
        else reject(new Error(`the census stream was answered with ${response.statusCode}`));
      }).on('error', reject);
    });
  }

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.on('error', () => {});
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      if (text.includes('event: census')) this.#updated();
    });
  }

  reset(): void {
    this.longestGap = 0;
    this.#last = 0;
  }

  close(): void {
    this.#response.destroy();
  }

  #updated(): void {
    const now = performance.now();
    if (this.#last !== 0) this.longestGap = Math.max(this.longestGap, now - this.#last);
    this.#last = now;
  }
}
