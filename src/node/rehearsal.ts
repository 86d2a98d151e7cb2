import { connect, type Socket } from 'node:net';

/** Held open together at first, so that every table of rows has grown once: code that was compiled for a table
 * that had never changed would be thrown away when the first real crowd makes it grow. */
const CROWD = 1_100;
/** One after the other then: enough for the engine to have compiled what every connection runs through. */
const PASSERS_BY = 3_000;
const AT_ONCE = 40;
/** No rehearsal takes longer, ms: a node that cannot rehearse starts cold. */
const CURFEW = 5_000;

/**
 * Takes a node through a few thousand connections on a private port before it opens to the public.
 *
 * A process that has just started runs cold code at twice the price, and it starts when it is needed most: after a
 * crash or a roll-out, with everybody reconnecting at once. It has to be the very node that rehearses, because what
 * the engine compiles for one set of objects is thrown away when the same code meets another.
 */
export async function rehearse(port: number): Promise<void> {
  const sockets = new Set<Socket>();
  let left = PASSERS_BY;
  const curfew = setTimeout(() => {
    left = 0;
    for (const socket of sockets) socket.destroy();
  }, CURFEW);
  const crowd = await inTurns(CROWD, () => connected(port, sockets));
  await Promise.all(crowd.map(leave));
  await inTurns(left, async () => {
    if (left-- > 0) await leave(await connected(port, sockets));
  });
  clearTimeout(curfew);
}

/** Calls `times` times, `AT_ONCE` at a time. */
async function inTurns<T>(times: number, call: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let left = times;
  const worker = async () => {
    while (left-- > 0) results.push(await call());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

/** One client: WebSocket and CONNECT. Comes back closed, and that is fine, when the node refuses it. */
function connected(port: number, sockets: Set<Socket>): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    sockets.add(socket);
    let received = '';
    socket.setEncoding('latin1');
    socket.write(UPGRADE);
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      resolve(socket);
    });
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (received.startsWith('HTTP') && received.includes('"sid"')) {
        received = '';
        socket.write(CONNECT);
      } else if (/4[04]\{/.test(received)) {
        received = '';
        resolve(socket);
      } else if (received.startsWith('HTTP') && !received.startsWith('HTTP/1.1 101')) {
        socket.destroy();
      }
    });
  });
}

/** Says something and goes; resolves when the connection has ended. */
function leave(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once('close', () => resolve());
    socket.end(EVENT);
  });
}

/** A client's text frame (RFC 6455 §5.2), masked with zeros. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n' +
  'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
const CONNECT = frame('40');
const EVENT = frame('42["rehearsal",{"text":"as on the night","number":1}]');
