import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** RFC 9113 §3.4: what every HTTP/2 client says first. No HTTP/1.1 method begins with these letters. */
const HTTP2_PREFACE = Buffer.from('PRI');
/** A client that says nothing in this time, in milliseconds, has no business here. */
const SILENCE_LIMIT = 10_000;

/**
 * Makes the port of an HTTP/1.1 server speak cleartext HTTP/2 too: tells them apart by the first bytes, and hands
 * the connection on with those bytes put back. Returns the connections that are open.
 */
export function acceptHttp2(server: Server, toHttp2: (socket: Socket) => void): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  const toHttp1 = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    sniff(socket, (isHttp2) => {
      if (isHttp2) toHttp2(socket);
      else for (const serve of toHttp1) serve.call(server, socket);
    });
  });
  return sockets;
}

function sniff(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const giveUp = () => socket.destroy();
  const listen = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, HTTP2_PREFACE.length);
    const isHttp2 = seen.compare(HTTP2_PREFACE, 0, length, 0, length) === 0;
    if (isHttp2 && length < HTTP2_PREFACE.length) return;
    socket.off('data', listen);
    socket.off('error', giveUp);
    socket.off('timeout', giveUp);
    socket.off('end', giveUp);
    socket.setTimeout(0);
    // Stopped first, or the bytes put back would flow before the next owner listens.
    socket.pause();
    socket.unshift(seen);
    decide(isHttp2);
    if (!isHttp2) socket.resume();
  };
  socket.setTimeout(SILENCE_LIMIT);
  socket.on('timeout', giveUp);
  socket.on('error', giveUp);
  socket.on('end', giveUp);
  socket.on('data', listen);
}
