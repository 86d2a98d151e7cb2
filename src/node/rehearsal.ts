import { connect, type Socket } from 'node:net';

/** Enough for the engine to have compiled what every connection runs through, and over in half a second. */
const CONNECTIONS = 2_500;
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
  let left = CONNECTIONS;
  const worker = async () => {
    while (left-- > 0) await connection(port, sockets);
  };
  const curfew = setTimeout(() => {
    left = 0;
    for (const socket of sockets) socket.destroy();
  }, CURFEW);
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  clearTimeout(curfew);
}

/** One client: WebSocket, CONNECT, an event, and off. Ends early, and that is fine, when the node refuses it. */
function connection(port: number, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    sockets.add(socket);
    let received = '';
    socket.setEncoding('latin1');
    socket.write(UPGRADE);
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      resolve();
    });
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (received.includes('"sid"') && received.startsWith('HTTP')) {
        received = '';
        socket.write(CONNECT);
      } else if (/4[04]\{/.test(received)) {
        received = '';
        socket.end(EVENT);
      } else if (received.startsWith('HTTP') && !received.startsWith('HTTP/1.1 101')) {
        socket.destroy();
      }
    });
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
