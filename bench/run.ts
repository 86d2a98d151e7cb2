import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SocketLoad } from './load/socket-load.ts';
import type { Options } from './options.ts';
import type { Bench, Readings, Scenario } from './scenarios/scenario.ts';
import type { Server, Subject } from './subjects/subject.ts';

/** Long enough that no heartbeat falls into a measuring window, on any server. */
const QUIET_PING_INTERVAL = 600_000;

/** One run of one scenario against one server, with everything it started ended afterwards. */
export async function runOnce(
  scenario: Scenario,
  subject: Subject,
  options: Options,
  profiles: string,
  say: (text: string) => void,
): Promise<Readings> {
  const servers: Server[] = [];
  const loads: SocketLoad[] = [];
  let windows = 0;
  const bench: Bench = {
    subject,
    conns: options.conns,
    seconds: options.seconds,
    say,
    async start(settings) {
      const server = await subject.start({ pingInterval: QUIET_PING_INTERVAL, ...settings });
      servers.push(server);
      return server;
    },
    async load(server) {
      const load = await SocketLoad.start(server.port);
      loads.push(load);
      return load;
    },
    async cpuDuring(server, work) {
      const processes = server.cluster === null ? [server.process] : [server.process, server.cluster.api];
      if (options.profile) await Promise.all(processes.map((one) => one.profileStart()));
      const before = await server.process.cpu();
      await work();
      const after = await server.process.cpu();
      if (options.profile) {
        await mkdir(profiles, { recursive: true });
        for (const one of processes) {
          const file = join(profiles, `${scenario.name}-${subject.name}-${++windows}.cpuprofile`);
          await one.profileStop(file);
          say(`profile: ${file}`);
        }
      }
      return after.user + after.system - before.user - before.system;
    },
  };
  try {
    return await scenario.run(bench);
  } finally {
    const ending = servers.map((server) => server.cluster ?? server.process);
    await Promise.all([...loads, ...ending].map((one) => one.stop()));
  }
}
