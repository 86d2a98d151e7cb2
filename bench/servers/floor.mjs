// The floor: the least a server on uWebSockets.js can do and still keep a Socket.IO client happy. No sessions, no
// validation, no limits, no other transport: what remains is the price of the sockets, the kernel and one JavaScript
// callback per message.
import uWS from 'uWebSockets.js';

const PORT = Number(process.env.PORT);
const PING_INTERVAL = Number(process.env.PING_INTERVAL ?? 25_000);
const FOUR = 52;
const ZERO = 48;
const TWO = 50;
const THREE = 51;

let lastSid = 0;
let connections = 0;
let received = 0;
let acked = 0;
let lastAckId = 0;
let onAllAcked = null;

const app = uWS.App();

app.ws('/socket.io/', {
  idleTimeout: 0,
  sendPingsAutomatically: false,
  maxPayloadLength: 1_000_000,
  maxBackpressure: 1_000_000,
  open: (ws) => {
    connections++;
    ws.send(
      `0{"sid":"${++lastSid}","upgrades":[],"pingInterval":${PING_INTERVAL},"pingTimeout":20000,"maxPayload":1000000}`,
    );
  },
  message: (ws, message) => {
    const bytes = new Uint8Array(message);
    if (bytes[0] !== FOUR) return; // a pong
    if (bytes[1] === TWO) received++;
    else if (bytes[1] === THREE) {
      if (++acked === connections) onAllAcked?.();
    } else if (bytes[1] === ZERO) {
      ws.subscribe('all');
      ws.send(`40{"sid":"${++lastSid}"}`);
    }
  },
  close: () => {
    connections--;
  },
});

function emit({ event, args, times, ack }) {
  const text = JSON.stringify([event, ...args]);
  for (let i = 0; i < times; i++) app.publish('all', ack ? `42${++lastAckId}${text}` : `42${text}`);
}

app.post('/emit', (res) => {
  let aborted = false;
  res.onAborted(() => {
    aborted = true;
  });
  res.onData((chunk) => {
    const order = JSON.parse(Buffer.from(chunk).toString());
    const answer = () => {
      if (!aborted) res.cork(() => res.end(JSON.stringify({ acked })));
    };
    acked = 0;
    onAllAcked = order.ack ? answer : null;
    emit(order);
    if (!order.ack) answer();
  });
});

app.get('/counts', (res) => {
  res.end(JSON.stringify({ received, connections }));
});

setInterval(() => app.publish('all', '2'), PING_INTERVAL);

app.listen('127.0.0.1', PORT, (socket) => {
  if (!socket) process.exit(1);
});
