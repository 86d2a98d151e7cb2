import {
  formatListenAddress,
  type ListenAddress,
  parseListenAddress,
} from '../runtime/config/listen-address.ts';
import { ownAddress } from './own-address.ts';

/**
 * `host:port` at which other nodes reach this one.
 *
 * @param advertise `cluster.advertise`: a host, `host:port` where a proxy or a port mapping stands between, or nothing
 * @param bound where it listens, with the port it really has
 */
export function advertisedAddress(advertise: string, bound: ListenAddress): string {
  const told = parseListenAddress(advertise);
  const host = told === null ? advertise.replace(/^\[|\]$/g, '') : told.host;
  const port = told === null || told.port === 0 ? bound.port : told.port;
  const isAnywhere = host === '' || host === '0.0.0.0' || host === '::';
  return formatListenAddress({ host: isAnywhere ? ownAddress(bound.host) : host, port });
}

/** The same for another listener: a port in `advertise` is that of `cluster.listen`, and says nothing of this one's. */
export function addressBeside(advertise: string, bound: ListenAddress): string {
  const told = parseListenAddress(advertise);
  return advertisedAddress(told === null ? advertise : formatListenAddress({ ...told, port: 0 }), bound);
}
