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
  async run(given, cli) {
    const loaded = loadSettingsOrExplain(given, 'gateway', cli);
    if (loaded === null) return EXIT.usage;
    if (loaded.config.kafka.brokers.length === 0) {
      cli.err(
        'holdfast topics create needs kafka.brokers (and redis.url). The memory bus of holdfast dev has no topics.\n',
      );
      return EXIT.usage;
    }
    const created = await cli.createTopics(loaded.config);
    cli.out(
      created.length === 0 ? 'all topics exist\n' : created.map((topic) => `created ${topic}\n`).join(''),
    );
    return EXIT.ok;
  },
};
