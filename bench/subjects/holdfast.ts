import { fileURLToPath } from 'node:url';
import { freePorts, ServerProcess } from '../server-process.ts';
import { getText, postJson } from './json-client.ts';
import { histogramQuantile, metricSum } from './metrics.ts';
import type { EmitOrder, Server, Subject } from './subject.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SERVICE = '/holdfast.v1.PushService';
const ACK_TIMEOUT = '60s';

/** The built gateway, all roles in one process on the memory bus, driven through its push API. */
export const holdfast: Subject = {
  name: 'holdfast',
  async start(settings) {
    const [clients, push, grpc, admin] = (await freePorts(4)) as [number, number, number, number];
    const flags = {
      'clients.listen': `127.0.0.1:${clients}`,
      'push.listen': `127.0.0.1:${push}`,
      'push.grpcListen': `127.0.0.1:${grpc}`,
      'admin.listen': `127.0.0.1:${admin}`,
      'engine.pingInterval': `${settings.pingInterval}ms`,
      'log.level': 'warn',
    };
    const args = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, value]);
    const server = new ServerProcess(settings.program ?? MAIN, ['dev', ...args], {});
    for (const port of [clients, push, admin]) await server.listening(port);
    return running(server, clients, push, admin);
  },
};

async function running(
  process: ServerProcess,
  port: number,
  pushPort: number,
  admin: number,
): Promise<Server> {
  const metrics = (): Promise<string> => getText(admin, '/metrics');
  const atStart = await metrics();
  return {
    process,
    port,
    pushPort,
    adminPort: admin,
    cluster: null,
    emit: (order) => emitBy(pushPort, order),
    received: () => receivedBy(admin),
    async losses() {
      const now = await metrics();
      return {
        closedAsSlow: metricSum(now, 'holdfast_disconnects_total', 'reason="slow consumer"'),
        dropped: metricSum(now, 'holdfast_messages_dropped_total'),
      };
    },
    ownLoopDelayP99: async () =>
      histogramQuantile(atStart, await metrics(), 'holdfast_event_loop_delay_seconds', 0.99),
  };
}

export async function receivedBy(admin: number): Promise<number> {
  return metricSum(await getText(admin, '/metrics'), 'holdfast_messages_received_total');
}

export async function emitBy(port: number, order: EmitOrder): Promise<{ acked: number }> {
  const message = { to: { everyone: true }, event: order.event, args: order.args };
  if (order.ack) {
    const answer = await postJson<{ acked?: number }>(port, `${SERVICE}/Emit`, {
      ...message,
      ack: { timeout: ACK_TIMEOUT, collect: 'count' },
    });
    return { acked: answer.acked ?? 0 };
  }
  if (order.times === 1) await postJson(port, `${SERVICE}/Emit`, message);
  else await postJson(port, `${SERVICE}/Batch`, { items: Array(order.times).fill({ emit: message }) });
  return { acked: 0 };
}
