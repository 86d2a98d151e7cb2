import { describeOrigin } from '../../runtime/config/origin.ts';
import { EXIT } from '../cli.ts';
import type { CliCommand } from '../cli-command.ts';
import { loadSettings, loadSettingsOrExplain } from '../load-settings.ts';

export const DEV: CliCommand = {
  words: ['dev'],
  summary: 'run all roles in one process on the embedded memory bus',
  details: 'Clients, push API, admin listener and demo page in one process; needs neither Redis nor Kafka.',
  options: [],
  operand: '',
  takesSettings: true,
  async run(given, cli) {
    const loaded = loadSettingsOrExplain(given, 'dev', cli);
    if (loaded === null) return EXIT.usage;
    const { config, origins } = loaded;
    const refuse = (key: string, why: string): number => {
      cli.err(`${key} (${describeOrigin(origins.get(key)!)}): ${why}\n`);
      return EXIT.usage;
    };
    // Going on without them would look like a cluster and be none.
    if (config.redis.url !== '') {
      return refuse('redis.url', 'holdfast dev runs on the memory bus and would not use Redis; leave it out');
    }
    if (config.cluster.workers > 1) {
      return refuse('cluster.workers', 'holdfast dev runs in one process; leave it at 1');
    }
    return cli.startNode('dev', config, () => loadSettings(given, 'dev', cli));
  },
};
