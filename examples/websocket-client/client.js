import { createInterface } from 'node:readline';
import WebSocket from 'ws';

const socket = new WebSocket(process.argv[2] ?? 'ws://127.0.0.1:8080/ws');

socket.on('open', () => {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => socket.send(line));
  lines.on('close', () => socket.close());
});
socket.on('message', (data) => console.log(data.toString()));
socket.on('close', (code, reason) => console.log(`closed: ${code} ${reason}`));
socket.on('error', (error) => console.error(error.message));
