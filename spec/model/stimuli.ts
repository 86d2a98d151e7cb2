import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionEvent } from '../../src/machines/connection-vocabulary.ts';
import type { Drive } from './drive.ts';
import type { Moment } from './moment.ts';
import { isPolling } from './place.ts';

/** Body above `engine.maxPayload` of the model's nodes (100 KB). */
const TOO_LARGE = 'x'.repeat(120_000);
/** Above `slowConsumer.maxBytes` of the model's nodes (64 KB). */
const MUCH = 'y'.repeat(80_000);
/** More than what kernels buffer on a loopback connection. */
const MOST_PUSHES = 400;
/** Above the burst of nodes with a rate limit. */
const FLOOD = 12;
/** Time for the kernel to tell the server that a peer is gone, ms. */
const NEWS = 30;

/** What a client (or the server's surroundings) does so that the connection's machine gets this event. */
export const STIMULI: {
  readonly [Event in ConnectionEvent]: (drive: Drive, at: Moment) => Promise<unknown>;
} = {
  AUTHENTICATED: (drive) => drive.backend!.accept(drive.user),
  AUTHENTICATION_FAILED: (drive) => drive.backend!.refuse(drive.user),
  PACKET_RECEIVED: (drive, at) => drive.client.send(drive.harmlessPacket(at)),
  PING_RECEIVED: ({ client }) => client.send('2'),
  PONG_RECEIVED: async ({ client }) => {
    if (client.kind.speaks === 'websocket') client.webSocket!.pong();
    else await client.send('3');
  },
  CANDIDATE_OPENED: async ({ client }) => {
    const channel = client.offerWebSocket();
    const isFirst = client.candidate === null && client.webSocket === null;
    if (isFirst) client.candidate = channel;
    else client.surplus = channel;
    if (isFirst) await channel.opened;
  },
  PROBE_RECEIVED: async ({ client }) => client.candidate!.send('2probe'),
  UPGRADE_RECEIVED: async ({ client }) => client.candidate!.send('5'),
  CANDIDATE_VIOLATED: async ({ client }) => client.candidate!.send('4hello'),
  CANDIDATE_CLOSED: async ({ client }) => {
    client.candidate!.terminate();
    client.candidate = null;
  },
  NAMESPACE_JOINED: async (drive) => drive.client.send(`40${await drive.credentials()}`),
  LAST_NAMESPACE_LEFT: async (drive, { before, next }) => {
    const closeConnection = next?.event === 'CLOSE_REQUESTED';
    if (next?.event === 'HANDLER_FAILED') {
      // Nobody can tell the backend that this socket has left.
      drive.node.faulty.add(drive.socket);
      return drive.pushDisconnect(false);
    }
    // A packet of the client's would be a sign of life, which is another event.
    if (closeConnection || before.heartbeat === 'unanswered') await drive.pushDisconnect(closeConnection);
    else await drive.client.send('41');
  },
  POLL_RECEIVED: async ({ client }) => client.wait(),
  TRANSPORT_CLOSED: async (drive, { before }) => {
    const { client } = drive;
    if (before.phase === 'handshaking') {
      if (client.webSocket === null) client.pending!.cut();
      else client.webSocket.terminate();
      await sleep(NEWS);
      await drive.backend!.accept(drive.user);
    } else if (before.phase === 'closing') {
      const post = client.post({ body: '3', unfinished: true });
      await drive.until((connection) => connection.posting);
      post.cut();
    } else if (isPolling(before)) {
      client.wait();
      await drive.until((connection) => connection.poll !== null);
      client.pending!.cut();
      client.pending = null;
    } else {
      client.webSocket!.terminate();
    }
  },
  TRANSPORT_FAILED: async ({ client }) => client.webSocket!.sendBrokenText(),
  CLOSE_PACKET_RECEIVED: ({ client }) => client.send('1'),
  PROTOCOL_VIOLATED: async (drive, { before }) => {
    const { client } = drive;
    if (!isPolling(before)) return client.send('40');
    if (client.kind.revision === 4) {
      return client.post({ body: 'bytes', type: 'application/octet-stream' }).answer;
    }
    const first = client.post({ body: '1:6', unfinished: true });
    await drive.until((connection) => connection.posting);
    await client.send('6');
    first.cut();
  },
  PARSE_FAILED: ({ client }) => client.send('x'),
  PAYLOAD_TOO_LARGE: async ({ client }, { before }) => {
    if (isPolling(before)) return client.post({ body: TOO_LARGE }).answer;
    return client.send(TOO_LARGE);
  },
  CONSUMER_FELL_BEHIND: async (drive, { before }) => {
    const { client } = drive;
    if (before.membership !== 'joined') {
      // Something has to wait for the client: a ping does, or else an answer it does not fetch.
      if (before.phase === 'open' && before.heartbeat !== 'unanswered') await client.send('40/nowhere,');
      return;
    }
    client.webSocket?.pause();
    for (let pushes = 0; pushes < MOST_PUSHES && drive.isAlive(); pushes++) await drive.pushMessage(MUCH);
    client.webSocket?.resume();
  },
  SESSION_LIMIT_EXCEEDED: (drive) => drive.logInElsewhere(),
  RATE_LIMIT_EXCEEDED: (drive, at) =>
    drive.client.send(...new Array<string>(FLOOD).fill(drive.harmlessPacket(at))),
  // Only other nodes say these, and there is none.
  MOVED: async () => undefined,
  SETTLED: async () => undefined,
  MOVE_FAILED: async () => undefined,
  STRAYS_READ: async () => undefined,
  TOKEN_EXPIRED: async () => undefined,
  SERVER_SHUTTING_DOWN: async (drive) => drive.node.drainOnce(),
  CLOSE_REQUESTED: async () => undefined,
  HANDLER_FAILED: async (drive, at) => {
    // What fails in any other place is the farewell to the backend, a step before.
    if (at.before.membership !== 'joined') return;
    drive.node.faulty.add(drive.socket);
    await drive.client.send(drive.harmlessPacket(at));
  },
};
