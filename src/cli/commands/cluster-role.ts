import type { Role } from '../../runtime/config/load-config.ts';
import { EXIT } from '../cli.ts';
import type { CliCommand } from '../cli-command.ts';
import { loadSettingsOrExplain } from '../load-settings.ts';

/** `gateway` and `api`: the roles of a cluster, which this version explains and does not run. */
export function clusterRole(role: Exclude<Role, 'dev'>, summary: string): CliCommand {
  return {
    words: [role],
    summary,
    details: 'Part of a cluster: needs redis.url, alone or together with kafka.brokers.',
    options: [],
    operand: '',
    takesSettings: true,
    run(given, cli) {
      const loaded = loadSettingsOrExplain(given, role, cli);
      if (loaded === null) return EXIT.usage;
      cli.err(
        loaded.config.redis.url === ''
          ? `holdfast ${role} is part of a cluster and needs redis.url (alone, or together with kafka.brokers).\n` +
              'To run everything in one process, use holdfast dev.\n'
          : `holdfast ${role}: this version runs a single node only and has no adapters for Redis and Kafka yet.\n` +
              'Nothing was started. To run everything in one process, use holdfast dev without redis.url.\n',
      );
      return EXIT.usage;
    },
  };
}

export const GATEWAY = clusterRole('gateway', 'run a node that holds client connections');
export const API = clusterRole('api', 'run a node that serves the push API');
