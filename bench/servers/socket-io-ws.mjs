// Socket.IO on ws, its default, on a plain node:http server.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { counts, emit, observe } from './socket-io.mjs';

const http = createServer(async (req, res) => {
  if (req.url === '/counts') {
    res.end(JSON.stringify(counts(io)));
    return;
  }
  let text = '';
  for await (const chunk of req) text += chunk;
  res.end(JSON.stringify(await emit(io, JSON.parse(text))));
});
const io = new Server(http, {
  serveClient: false,
  pingInterval: Number(process.env.PING_INTERVAL ?? 25_000),
});
observe(io);

http.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
