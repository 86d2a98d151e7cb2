import type { Config } from '../runtime/config/config.ts';
import { formatListenAddress, type ListenAddress } from '../runtime/config/listen-address.ts';
import type { Ports } from './ports.ts';

/** What a person who has just started Holdfast wants to open. */
export function describeAddresses(config: Config, ports: Ports): string {
  const scheme = config.clients.tls.cert === '' ? 'http' : 'https';
  const lines: readonly [string, string][] = [
    ['demo page', `${scheme}://${reachable(config.clients.listen, ports.clients)}/`],
    ['Socket.IO clients', `${scheme}://${reachable(config.clients.listen, ports.clients)}`],
    [
      'plain WebSockets',
      `${scheme.replace('http', 'ws')}://${reachable(config.clients.listen, ports.clients)}/ws`,
    ],
    ['push API', `http://${reachable(config.push.listen, ports.push)}/holdfast.v1.PushService/Emit`],
    ['push API, gRPC', `http://${reachable(config.push.grpcListen, ports.grpc)}`],
    ['health, metrics, inspect', `http://${reachable(config.admin.listen, ports.admin)}`],
  ];
  const body = lines.map(([what, where]) => `  ${what.padEnd(26)}${where}\n`).join('');
  return `\nHoldfast is ready.\n\n${body}\n`;
}

/** An address that can be opened from this machine: a wildcard stands for it, too. */
function reachable(listen: ListenAddress, port: number): string {
  const host = listen.host === '0.0.0.0' || listen.host === '::' ? 'localhost' : listen.host;
  return formatListenAddress({ host, port });
}
