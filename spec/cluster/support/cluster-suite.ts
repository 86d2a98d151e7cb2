import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { History } from '../../support/history/history.ts';
import { describeViolations } from '../../support/history/violation.ts';
import { type Cluster, startCluster } from './cluster.ts';
import type { Services } from './services.ts';
import { HistoryBackend } from './workload/history-backend.ts';
import { Workload } from './workload/workload.ts';

/** Three gateways and two APIs, whatever carries the logs. */
export function describeCluster(title: string, startServices: () => Promise<Services>): void {
  describe(title, () => {
    let services: Services;
    let cluster: Cluster;
    let backend: HistoryBackend;
    const history = new History();
    beforeAll(async () => {
      services = await startServices();
      backend = await HistoryBackend.start(history);
      cluster = await startCluster({
        services: services.settings,
        settings: {
          'backend.url': backend.url,
          'auth.mode': 'backend',
          'engine.pingInterval': '3s',
          'engine.pingTimeout': '4s',
        },
      });
    });
    afterAll(async () => {
      await cluster?.close();
      await backend?.close();
      await services?.close();
    });

    it('serves 200 clients of every library and transport: each message answered, each ack right, order kept', async () => {
      const workload = new Workload({
        history,
        backend,
        urls: [cluster.http.url, cluster.tcp.url],
        clients: 200,
        rest: 400,
        push: (request) => cluster.push('Emit', request),
        pushers: 4,
      });
      workload.start();
      await workload.connected();
      await sleep(6000);
      const sessions = workload.openSessions();
      const violations = await workload.finish();
      console.log(workload.broken().slice(0, 30), workload.counts, history.operations.length);
      expect(describeViolations(violations)).toBe('no violation');
      expect(workload.broken()).toEqual([]);
      expect(sessions.length).toBe(200);
      expect(workload.counts.sessions).toBe(200);
      expect(workload.counts.refused).toBe(0);
    }, 120_000);
  });
}
