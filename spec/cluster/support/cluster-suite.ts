import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type ClientSocket, next } from '../../clients/client-socket.ts';
import { LIBRARIES, TRANSPORTS } from '../../clients/libraries.ts';
import { History } from '../../support/history/history.ts';
import { describeViolations } from '../../support/history/violation.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { push } from './push.ts';
import type { Services } from './services.ts';
import { until } from './until.ts';
import { HistoryBackend } from './workload/history-backend.ts';
import { Workload, type WorkloadOptions } from './workload/workload.ts';

const MAX_PER_USER = 6;

/** Three gateways and two APIs, whatever carries the logs. */
export function describeCluster(title: string, startServices: () => Promise<Services>): void {
  describe(title, () => {
    let services: Services;
    let cluster: Cluster;
    let backend: HistoryBackend;
    const history = new History();
    const open: ClientSocket[] = [];

    beforeAll(async () => {
      services = await startServices();
      backend = await HistoryBackend.start(history);
      cluster = await startCluster({
        services: services.settings,
        settings: {
          'backend.url': backend.url,
          'auth.mode': 'backend',
          'engine.pingInterval': '10s',
          // Nothing here is about time, and two busy cores may be late.
          'engine.pingTimeout': '20s',
          'engine.upgradeTimeout': '60s',
          // The backend lives with the clients in this process, which accepts one connection in a turn of its loop.
          'backend.timeout': '60s',
          'sessions.maxPerUser': String(MAX_PER_USER),
        },
      });
    });
    afterAll(async () => {
      for (const socket of open) socket.disconnect();
      await cluster?.close();
      await backend?.close();
      await services?.close();
    });

    const workload = (options: Pick<WorkloadOptions, 'clients' | 'rest' | 'prefix'>) =>
      new Workload({
        history,
        backend,
        urls: [cluster.balancers.http, cluster.balancers.tcp],
        push: (request) => cluster.push('Emit', request),
        pushers: 3,
        ...options,
      });

    /** Session `user` on one gateway; the backend's records are about it under this name. */
    async function connect(user: string, gateway: number, transports = ['websocket']): Promise<ClientSocket> {
      const library = LIBRARIES[open.length % LIBRARIES.length]!;
      const socket = library.open(cluster.gateways[gateway]!.url, { user, transports });
      open.push(socket);
      if (!socket.connected) await next(socket, 'connect');
      return socket;
    }
    /** Whichever API is asked: each remembers for a quarter of a second where it found users and rooms. */
    const present = async (to: object, sockets: number) => {
      for (const { url } of cluster.apis) {
        await until(async () => (await push(url, 'CountSockets', { to })).sockets === sockets);
      }
    };

    it('serves 200 clients of every library and transport: each message answered, each ack right, order kept', async () => {
      const crowd = workload({ clients: 200, rest: 400, prefix: 'first ' });
      crowd.start();
      await crowd.connected();
      await sleep(5000);
      // A slow machine takes longer over the same.
      await until(() => crowd.counts.pushed > 50, 60_000);
      await until(async () => {
        const requests = await cluster.balancers.requests();
        return cluster.gateways.every(({ port }) => (requests.get(port) ?? 0) > 100);
      }, 60_000);
      const open = crowd.openSessions().length;
      // Strictly once, although records come at least once: nothing dies here, and the backend has all the time it needs.
      const violations = await crowd.finish();
      expect(describeViolations(violations)).toBe('no violation');
      expect(crowd.broken()).toEqual([]);
      expect(open).toBe(200);
      expect(crowd.counts.refused).toBe(0);
    }, 180_000);

    it.each(TRANSPORTS)(
      'serves one session by all gateways in turn, $name',
      async ({ transports, settles }) => {
        for (const [i, library] of LIBRARIES.entries()) {
          const socket = library.open(cluster.balancers.http, { user: `turn ${settles} ${i}`, transports });
          open.push(socket);
          await next(socket, 'connect');
          for (let n = 0; n < 10; n++) {
            const id = `turn ${i} ${n}`;
            expect(await ask(socket, 'say', id)).toEqual([id]);
          }
          await until(() => socket.io.engine.transport.name === settles);
          socket.disconnect();
        }
      },
      60_000,
    );

    it('delivers a push to users, rooms and everyone on every gateway, whichever API takes it', async () => {
      const sockets = await Promise.all([0, 1, 2, 0, 1, 2].map((gateway) => connect('wide', gateway)));
      await present({ users: ['wide'] }, 6);
      for (const api of cluster.apis) {
        const joined = await push(api.url, 'Join', {
          to: { users: ['wide'] },
          rooms: [`room of ${api.name}`],
        });
        expect(joined).toEqual({ sockets: 6 });
      }
      for (const api of cluster.apis) {
        for (const other of cluster.apis) await present({ rooms: [`room of ${other.name}`] }, 6);
        const targets = [
          { users: ['wide'] },
          { rooms: [`room of ${cluster.apis[0]!.name}`] },
          { everyone: true },
        ];
        for (const to of targets) {
          const heard = sockets.map((socket) => next(socket, 'news'));
          await push(api.url, 'Emit', { to, event: 'news', args: [api.name] });
          expect(await Promise.all(heard)).toEqual(sockets.map(() => [api.name]));
        }
      }
    });

    it('gathers the acks of clients on every gateway, and names those that did not answer', async () => {
      const sockets = await Promise.all([0, 1, 2].map((gateway) => connect('asked', gateway)));
      await present({ users: ['asked'] }, 3);
      for (const [i, socket] of sockets.entries()) {
        socket.on('question', (...args) => {
          if (i !== 2) (args.at(-1) as (answer: number) => void)(i);
        });
      }
      for (const api of cluster.apis) {
        const ack = { timeout: '1s', collect: 'answers' };
        const answer = await push(api.url, 'Emit', { to: { users: ['asked'] }, event: 'question', ack });
        const acks = answer.acks as { args: number[] }[];
        expect(acks.map(({ args }) => args[0]).sort()).toEqual([0, 1]);
        expect(answer.missing).toHaveLength(1);
      }
    });

    it('lists the sockets of all gateways page by page, each once', async () => {
      await Promise.all([0, 1, 2, 0, 1, 2].map((gateway) => connect('listed', gateway)));
      await present({ users: ['listed'] }, 6);
      const ids: string[] = [];
      let pageToken = '';
      do {
        const page = await cluster.push('ListSockets', { to: { users: ['listed'] }, pageSize: 4, pageToken });
        ids.push(...(page.sockets as { id: string }[]).map(({ id }) => id));
        pageToken = (page.nextPageToken as string | undefined) ?? '';
      } while (pageToken !== '');
      expect(new Set(ids).size).toBe(6);
      expect(ids).toHaveLength(6);
      expect(await cluster.push('CountSockets', { to: { users: ['listed'] } })).toEqual({
        sockets: 6,
        users: 1,
      });
    });

    it('joins, leaves and disconnects sockets of every gateway', async () => {
      const sockets = await Promise.all([0, 1, 2].map((gateway) => connect('moved', gateway)));
      await present({ users: ['moved'] }, 3);
      await cluster.push('Join', { to: { users: ['moved'] }, rooms: ['there'] });
      await present({ rooms: ['there'] }, 3);
      await cluster.push('Leave', { to: { rooms: ['there'] }, rooms: ['there'] });
      await present({ rooms: ['there'] }, 0);
      const ended = sockets.map((socket) => next(socket, 'disconnect'));
      expect(await cluster.push('Disconnect', { to: { users: ['moved'] } })).toEqual({ sockets: 3 });
      for (const end of ended) expect((await end)[0]).toBe('io server disconnect');
      await present({ users: ['moved'] }, 0);
    });

    it('closes the oldest session of a user above the limit, wherever it lives', async () => {
      const sockets: ClientSocket[] = [];
      for (let i = 0; i < MAX_PER_USER; i++) sockets.push(await connect('many', i % 3));
      await present({ users: ['many'] }, MAX_PER_USER);
      const ended = next(sockets[0]!, 'disconnect');
      await connect('many', 1);
      await ended;
      await present({ users: ['many'] }, MAX_PER_USER);
      expect(sockets.slice(1).every(({ connected }) => connected)).toBe(true);
    });

    it('goes on after the loss of a gateway and an API: sessions resume elsewhere, nothing acknowledged is lost', async () => {
      const crowd = workload({ clients: 60, rest: 200, prefix: 'second ' });
      crowd.start();
      await crowd.connected();
      // Sessions that moved are written to by their old homes for up to three seconds: docs/guarantees.md.
      await sleep(5000);
      const before = await cluster.gateways[0]!.readiness();
      await cluster.gateways[0]!.kill();
      await until(() => [...backend.ends.values()].includes('node lost'), 15_000);
      await crowd.connected();
      // What an API node has in hand when it is killed may come again, an end as well.
      await crowd.endsHeard();
      await sleep(2000);
      await cluster.apis[0]!.kill();
      await sleep(6000);
      await Promise.all([cluster.gateways[0]!.start(), cluster.apis[0]!.start()]);
      expect(leaseOf(await cluster.gateways[0]!.readiness())).toBe(leaseOf(before));
      await sleep(1000);
      // Whoever took over for the API cannot know which calls it had finished. OnDisconnect comes once all the same.
      const violations = await crowd.finish({ mayRepeat: (stream) => !stream.startsWith('end of ') });
      expect(describeViolations(violations)).toBe('no violation');
      expect(crowd.broken().length).toBeGreaterThan(5);
      const reasons = [...backend.ends].filter(([name]) => name.startsWith('second ')).map(([, why]) => why);
      expect(reasons.filter((why) => why === 'node lost').length).toBeGreaterThan(5);
    }, 180_000);
  });
}

function leaseOf(readiness: { readonly body: unknown } | null): string {
  const body = readiness?.body as { dependencies: Record<string, { detail: string }> } | undefined;
  return body?.dependencies.lease?.detail ?? 'no answer';
}
