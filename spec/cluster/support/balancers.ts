import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Where clients connect: an address for each kind of balancer. */
export interface Balancers {
  /** Per request. */
  readonly http: string;
  /** Per connection. */
  readonly tcp: string;
  /** How many requests and upgrades went to each port by HTTP so far. */
  requests(): Promise<ReadonlyMap<number, number>>;
  close(): Promise<void>;
}

/**
 * Balancers in a process of their own. Node.js accepts one connection in a turn of the event loop: beside hundreds of
 * clients, of which those that poll open a connection for each request, these would wait behind WebSockets for ever.
 */
export async function startBalancers(ports: readonly number[]): Promise<Balancers> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'balancer-main.ts'), ports.map(String), {
    execArgv: ['--import', 'tsx'],
  });
  const ended = once(child, 'exit');
  const told = await Promise.race([once(child, 'message'), ended.then(() => null)]);
  if (told === null) throw new Error('the balancers do not start');
  const { http, tcp } = told[0] as { http: string; tcp: string };
  return {
    http,
    tcp,
    requests: async () => {
      child.send('requests');
      const [counts] = (await once(child, 'message')) as [[number, number][]];
      return new Map(counts);
    },
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
