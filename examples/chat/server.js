import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { json } from 'node:stream/consumers';

const client = createRequire(import.meta.url).resolve('socket.io-client/dist/socket.io.js');
const files = {
  '/': ['text/html; charset=utf-8', await readFile(new URL('./index.html', import.meta.url))],
  '/socket.io.js': ['text/javascript; charset=utf-8', await readFile(client)],
};

/** Socket id → name. The gateway knows rooms; names are this application's business. */
const names = new Map();
const tell = (room, event, ...args) => ({ emit: { to: { rooms: [room] }, event, args } });

const methods = {
  OnConnect({ socket, auth }) {
    names.set(socket.id, String(auth?.name ?? 'somebody').slice(0, 40));
    return {};
  },
  OnMessage({ socket, event, args = [] }) {
    const name = names.get(socket.id);
    const [room = ''] = socket.rooms ?? [];
    switch (event) {
      case 'enter': {
        const next = String(args[0]).slice(0, 40);
        const leave = room ? [{ leave: { rooms: [room] } }, tell(room, 'notice', `${name} left`)] : [];
        const join = [{ join: { rooms: [next] } }, tell(next, 'notice', `${name} came in`)];
        return { ack: { args: [next] }, actions: [...leave, ...join] };
      }
      case 'say':
        return { actions: [tell(room, 'said', name, String(args[0]).slice(0, 1000))] };
      default:
        return {};
    }
  },
  OnDisconnect({ socket }) {
    const name = names.get(socket.id);
    names.delete(socket.id);
    return { actions: (socket.rooms ?? []).map((room) => tell(room, 'notice', `${name} left`)) };
  },
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://chat');
  const file = files[pathname];
  if (request.method === 'GET' && file)
    return response.writeHead(200, { 'content-type': file[0] }).end(file[1]);
  const method = methods[pathname.replace('/holdfast.v1.BackendService/', '')];
  const answer = method?.(await json(request));
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { code: 'unimplemented' }));
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`backend on http://127.0.0.1:${server.address().port}`);
});
