// What both Socket.IO servers do with a connection and with an order to emit.
const ACK_TIMEOUT = 60_000;
let received = 0;

export function observe(io) {
  io.on('connection', (socket) => {
    socket.on('message', () => {
      received++;
    });
  });
}

export function counts(io) {
  return { received, connections: io.engine.clientsCount };
}

export async function emit(io, { event, args, times, ack }) {
  if (ack) {
    const answers = await io.timeout(ACK_TIMEOUT).emitWithAck(event, ...args);
    return { acked: answers.length };
  }
  for (let i = 0; i < times; i++) io.emit(event, ...args);
  return { acked: 0 };
}
