import type { Config } from '../runtime/config/config.ts';
import { formatListenAddress, type ListenAddress } from '../runtime/config/listen-address.ts';
import type { Ports } from './ports.ts';

/** What a person who has just started Holdfast wants to open. Only of what this node serves. */
export function describeAddresses(config: Config, ports: Partial<Ports>, hasDemo: boolean): string {
  const scheme = config.clients.tls.cert === '' ? 'http' : 'https';
  const lines: [string, string][] = [];
  if (ports.clients !== undefined) {
    const clients = reachable(config.clients.listen, ports.clients);
    if (hasDemo) lines.push(['demo page', `${scheme}://${clients}/`]);
    lines.push(['Socket.IO clients', `${scheme}://${clients}`]);
    lines.push(['plain WebSockets', `${scheme.replace('http', 'ws')}://${clients}/ws`]);
  }
  if (ports.push !== undefined) {
    lines.push([
      'push API',
      `http://${reachable(config.push.listen, ports.push)}/holdfast.v1.PushService/Emit`,
    ]);
  }
  if (ports.grpc !== undefined) {
    lines.push(['push API, gRPC', `http://${reachable(config.push.grpcListen, ports.grpc)}`]);
  }
  if (ports.admin !== undefined) {
    lines.push(['health, metrics, inspect', `http://${reachable(config.admin.listen, ports.admin)}`]);
  }
  const body = lines.map(([what, where]) => `  ${what.padEnd(26)}${where}\n`).join('');
  return `\nHoldfast is ready.\n\n${body}\n`;
}

/** An address that can be opened from this machine: a wildcard stands for it, too. */
function reachable(listen: ListenAddress, port: number): string {
  const host = listen.host === '0.0.0.0' || listen.host === '::' ? 'localhost' : listen.host;
  return formatListenAddress({ host, port });
}
