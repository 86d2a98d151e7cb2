import type { Config } from '../runtime/config/config.ts';
import {
  formatListenAddress,
  type ListenAddress,
  parseListenAddress,
} from '../runtime/config/listen-address.ts';

/**
 * The configuration of one of the processes that share the clients' port: all other ports are its own, counted up from
 * those configured. A port that the system chooses is chosen for each.
 *
 * @param worker 1 and up; 0 for a process that shares nothing
 */
export function configOfWorker(config: Config, worker: number): Config {
  if (worker <= 1) return config;
  const shifted = (address: ListenAddress): ListenAddress =>
    address.port === 0 ? address : { ...address, port: address.port + worker - 1 };
  const { admin, cluster, inspect } = config;
  const told = parseListenAddress(cluster.advertise);
  const advertise = told === null ? cluster.advertise : formatListenAddress(shifted(told));
  return {
    ...config,
    admin: { ...admin, listen: shifted(admin.listen) },
    cluster: { ...cluster, advertise, listen: shifted(cluster.listen) },
    inspect: { ...inspect, listen: shifted(inspect.listen) },
  };
}
