// A backend that costs as little as one can: BackendService over HTTP, Connect JSON. It says each message back, gives
// each new connection the next of USERS users, and answers everything else with nothing.
import uWS from 'uWebSockets.js';

const port = Number(process.argv[2]);
const users = Number(process.argv[3] ?? 200);
let connections = 0;

const app = uWS.App();
app.post('/holdfast.v1.BackendService/:method', (response, request) => {
  const method = request.getParameter(0);
  const parts = [];
  response.onAborted(() => {});
  response.onData((chunk, isLast) => {
    parts.push(Buffer.from(chunk.slice(0)));
    if (!isLast) return;
    const answer = answerTo(method, parts.length === 1 ? parts[0] : Buffer.concat(parts));
    response.cork(() => response.writeHeader('content-type', 'application/json').end(answer));
  });
});
app.listen('127.0.0.1', port, (socket) => {
  if (!socket) process.exit(1);
});

function answerTo(method, body) {
  if (method === 'OnAuthenticate') return `{"user":"user ${connections++ % users}"}`;
  if (method !== 'OnMessage') return '{}';
  const { args } = JSON.parse(body);
  return JSON.stringify({ actions: [{ emit: { event: 'message', args } }] });
}
