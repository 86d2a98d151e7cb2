import type { NodeRole } from '../../runtime/ports/lease-store.ts';
import { EXIT } from '../cli.ts';
import type { CliCommand } from '../cli-command.ts';
import { loadSettings, loadSettingsOrExplain } from '../load-settings.ts';

/** `gateway` and `api`: the roles of a cluster. */
function clusterRole(role: NodeRole, summary: string): CliCommand {
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
      const { config } = loaded;
      if (config.redis.url === '') {
        cli.err(
          `holdfast ${role} is part of a cluster and needs redis.url (alone, or together with kafka.brokers).\n` +
            'To run everything in one process, use holdfast dev.\n',
        );
        return EXIT.usage;
      }
      if (role === 'api' && config.cluster.workers > 1) {
        cli.err('cluster.workers: processes of holdfast api cannot share a port; start several of them\n');
        return EXIT.usage;
      }
      if (config.cluster.nodeId !== null && config.cluster.workers > 1) {
        cli.err(
          'cluster.workers: each process is a node of its own and needs a number of its own; leave out cluster.nodeId\n',
        );
        return EXIT.usage;
      }
      return cli.startNode(role, config, () => loadSettings(given, role, cli));
    },
  };
}

export const GATEWAY = clusterRole('gateway', 'run a node that holds client connections');
export const API = clusterRole('api', 'run a node that serves the push API and calls the backend');
