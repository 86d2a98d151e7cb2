import WebSocket from 'ws';

/** So many at a time, so that handshakes do not time out behind each other. */
const AT_ONCE = 50;
const ATTEMPTS = 5;

/** Raw Socket.IO clients over WebSockets that answer pings; every tenth joins no namespace. */
export class Crowd {
  readonly size: number;
  private readonly sockets: WebSocket[] = [];

  private constructor(size: number) {
    this.size = size;
  }

  /** Resolves when all of them are in. */
  static async gather(clientsUrl: string, size: number): Promise<Crowd> {
    const crowd = new Crowd(size);
    for (let from = 0; from < size; from += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, size - from) }, (_, i) =>
        crowd.come(clientsUrl, (from + i) % 10 !== 0),
      );
      await Promise.all(batch);
    }
    return crowd;
  }

  get alone(): number {
    return Math.ceil(this.size / 10);
  }

  leave(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  /** As clients do, it comes again when a machine that is busy has turned it away. */
  private async come(clientsUrl: string, joins: boolean): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.enter(clientsUrl, joins);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  private enter(clientsUrl: string, joins: boolean): Promise<void> {
    const url = `${clientsUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url);
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.once('open', () => this.sockets.push(socket));
      socket.on('message', (data) => {
        const text = String(data);
        if (text === '2') socket.send('3');
        if (text.startsWith('0')) {
          if (joins) socket.send('40');
          else resolve();
        }
        if (text.startsWith('40')) resolve();
      });
    });
  }
}
