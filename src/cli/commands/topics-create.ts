import { EXIT } from '../cli.ts';
import type { CliCommand } from '../cli-command.ts';
import { loadSettingsOrExplain } from '../load-settings.ts';

export const TOPICS_CREATE: CliCommand = {
  words: ['topics', 'create'],
  summary: "create Holdfast's Kafka topics",
  details: 'Needs kafka.brokers and redis.url.',
  options: [],
  operand: '',
  takesSettings: true,
  run(given, cli) {
    const loaded = loadSettingsOrExplain(given, 'gateway', cli);
    if (loaded === null) return EXIT.usage;
    cli.err(
      loaded.config.kafka.brokers.length === 0
        ? 'holdfast topics create needs kafka.brokers (and redis.url). The memory bus of holdfast dev has no topics.\n'
        : 'holdfast topics create: this version runs a single node only and has no adapter for Kafka yet. ' +
            'No topic was created.\n',
    );
    return EXIT.usage;
  },
};
