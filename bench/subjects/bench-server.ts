import { fileURLToPath } from 'node:url';
import { freePorts, ServerProcess } from '../server-process.ts';
import { getText, postJson } from './json-client.ts';
import type { Subject, SubjectName } from './subject.ts';

/** A server of `bench/servers/`: takes `PORT` and `PING_INTERVAL`, and orders at `POST /emit` of the same port. */
export function benchServer(name: SubjectName, script: string): Subject {
  const file = fileURLToPath(new URL(`../servers/${script}`, import.meta.url));
  return {
    name,
    async start(settings) {
      const [port] = await freePorts(1);
      const server = new ServerProcess(file, [], {
        PORT: String(port),
        PING_INTERVAL: String(settings.pingInterval),
      });
      await server.listening(port!);
      return {
        process: server,
        port: port!,
        cluster: null,
        pushPort: null,
        adminPort: null,
        emit: (order) => postJson(port!, '/emit', order),
        received: async () => (JSON.parse(await getText(port!, '/counts')) as { received: number }).received,
        losses: async () => null,
        ownLoopDelayP99: async () => null,
      };
    },
  };
}
