import type { Config } from '../runtime/config/config.ts';
import type { Ports } from './ports.ts';

/** The configuration with the ports that were bound in place of those that were left to the system. */
export function reboundConfig(config: Config, { clients, push, grpc }: Partial<Ports>): Config {
  return {
    ...config,
    clients: { ...config.clients, listen: at(config.clients.listen, clients) },
    push: {
      ...config.push,
      listen: at(config.push.listen, push),
      grpcListen: at(config.push.grpcListen, grpc),
    },
  };
}

function at<T extends { readonly port: number }>(listen: T, port: number | undefined): T {
  return port === undefined ? listen : { ...listen, port };
}
