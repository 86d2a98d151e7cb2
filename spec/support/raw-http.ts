import { connect, type Socket } from 'node:net';

/** A TCP connection to an HTTP server on which anything can be written. */
export class RawHttp {
  readonly socket: Socket;
  #text = '';
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('end', resolve);
      socket.on('close', () => resolve());
    });
  }

  static open(base: string): Promise<RawHttp> {
    const { hostname, port } = new URL(base);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      const raw = new RawHttp(socket);
      socket.once('connect', () => resolve(raw));
      socket.once('error', reject);
    });
  }

  /** Everything the server has written so far. */
  get received(): string {
    return this.#text;
  }

  write(data: string | Buffer): boolean {
    return this.socket.write(data);
  }

  /** Status of the first answer, or `closed` when the connection ended without one. */
  async answer(ms = 3000): Promise<number | 'closed'> {
    const deadline = Date.now() + ms;
    let isClosed = false;
    void this.closed.then(() => {
      isClosed = true;
    });
    for (;;) {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(this.#text)?.[1];
      if (status) return Number(status);
      if (isClosed) return 'closed';
      if (Date.now() > deadline) throw new Error(`no answer within ${ms} ms`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async untilClosed(ms = 3000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the connection is still open after ${ms} ms`)), ms);
    });
    await Promise.race([this.closed, late]).finally(() => clearTimeout(timer));
  }

  destroy(): void {
    this.socket.destroy();
  }
}
