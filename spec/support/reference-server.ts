import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { WebSocketServer } from 'ws';
import { type ServerUnderTest, SHORT_TIMES } from './server-under-test.ts';

/** The part of `engine.io`'s server used here; it comes with `socket.io`. */
interface EngineServer {
  on(event: 'connection', listener: (socket: EngineSocket) => void): void;
  close(): void;
}
interface EngineSocket {
  on(event: 'message', listener: (data: string | Buffer) => void): void;
  send(data: string | Buffer): void;
}
interface EngineModule {
  attach(server: ReturnType<typeof createServer>, options: object): EngineServer;
}

export interface ReferenceOptions {
  /** The official server speaks one parser to all its clients. */
  readonly parser?: 'json' | 'msgpack';
}

/** The official implementation, so that the suite which judges Holdfast is itself judged first. */
export async function startReferenceServer({ parser }: ReferenceOptions = {}): Promise<ServerUnderTest> {
  const http = createServer();
  const options = {
    pingInterval: SHORT_TIMES.pingInterval,
    pingTimeout: SHORT_TIMES.pingTimeout,
    upgradeTimeout: SHORT_TIMES.upgradeTimeout,
    maxHttpBufferSize: SHORT_TIMES.maxPayload,
    allowEIO3: true,
  };
  const io = new Server(http, {
    ...options,
    connectTimeout: SHORT_TIMES.connectTimeout,
    destroyUpgrade: false,
    ...(parser === 'msgpack' ? { parser: msgpackParser } : {}),
    cors: { origin: '*' },
  });
  io.on('connection', echo);
  io.of('/custom').on('connection', echo);

  const resolveFrom = createRequire(createRequire(import.meta.url).resolve('socket.io'));
  const engine = (resolveFrom('engine.io') as EngineModule).attach(http, {
    ...options,
    path: '/engine.io',
    destroyUpgrade: false,
  });
  engine.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));

  const plain = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/ws')) {
      plain.handleUpgrade(request, socket, head, (peer) =>
        peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })),
      );
    }
  });

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    connectTimeout: SHORT_TIMES.connectTimeout,
    upgradeTimeout: SHORT_TIMES.upgradeTimeout,
    close: async () => {
      engine.close();
      plain.close();
      await io.close();
      http.closeAllConnections();
    },
  };
}

function echo(socket: Socket): void {
  socket.emit('auth', socket.handshake.auth);
  socket.on('message', (...args: unknown[]) => socket.emit('message-back', ...args));
  socket.on('message-with-ack', (...args: unknown[]) => {
    const answer = args.pop();
    if (typeof answer === 'function') answer(...args);
  });
}
