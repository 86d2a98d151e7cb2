import { createServer, type Server, type Socket } from 'node:net';

/** RFC 9113 §3.4: what every HTTP/2 client says first. No HTTP/1.1 method begins with these letters. */
const HTTP2_PREFACE = Buffer.from('PRI');
/** A client that says nothing in this time has no business here. */
const SILENCE_LIMIT = 10_000;

export interface ProtocolSniffer {
  readonly server: Server;
  /** Every connection that is open. */
  readonly sockets: ReadonlySet<Socket>;
}

/**
 * A TCP server that tells HTTP/1.1 from cleartext HTTP/2 by the first bytes, and hands the connection on with those
 * bytes put back.
 */
export function createProtocolSniffer(
  toHttp1: (socket: Socket) => void,
  toHttp2: (socket: Socket) => void,
): ProtocolSniffer {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    sniff(socket, toHttp1, toHttp2);
  });
  return { server, sockets };
}

function sniff(socket: Socket, toHttp1: (socket: Socket) => void, toHttp2: (socket: Socket) => void): void {
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
    if (isHttp2) toHttp2(socket);
    else {
      toHttp1(socket);
      socket.resume();
    }
  };
  socket.setTimeout(SILENCE_LIMIT);
  socket.on('timeout', giveUp);
  socket.on('error', giveUp);
  socket.on('end', giveUp);
  socket.on('data', listen);
}
