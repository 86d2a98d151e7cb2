// Socket.IO on uWebSockets.js with its defaults.

import uWS from 'uWebSockets.js';
import { Server } from 'socket.io';
import { counts, emit, observe } from './socket-io.mjs';

const app = uWS.App();
const io = new Server({
  serveClient: false,
  pingInterval: Number(process.env.PING_INTERVAL ?? 25_000),
});
io.attachApp(app);
observe(io);

app.post('/emit', (res) => {
  let aborted = false;
  res.onAborted(() => {
    aborted = true;
  });
  res.onData(async (chunk) => {
    const answer = await emit(io, JSON.parse(Buffer.from(chunk).toString()));
    if (!aborted) res.cork(() => res.end(JSON.stringify(answer)));
  });
});

app.get('/counts', (res) => {
  res.end(JSON.stringify(counts(io)));
});

app.listen('127.0.0.1', Number(process.env.PORT), (socket) => {
  if (!socket) process.exit(1);
});
