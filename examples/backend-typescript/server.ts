import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

interface Call {
  socket: { id: string };
  event?: string;
  args?: unknown[];
}

const methods: Record<string, ((call: Call) => object) | undefined> = {
  OnConnect: ({ socket }) => ({ actions: [{ emit: { event: 'welcome', args: [socket.id] } }] }),
  OnMessage: ({ event, args = [] }) => ({
    ack: { args: ['heard'] },
    actions: [{ emit: { to: { everyone: true }, event, args } }],
  }),
};

const server = createServer(async (request, response) => {
  const method = methods[request.url?.replace('/holdfast.v1.BackendService/', '') ?? ''];
  const answer = method?.((await json(request)) as Call);
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { code: 'unimplemented' }));
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  console.log(`backend on http://127.0.0.1:${port}`);
});
