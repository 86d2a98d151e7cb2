import { type ConfigProblem, describeProblem } from '../../runtime/config/config-problem.ts';
import type { Role } from '../../runtime/config/load-config.ts';
import { printConfig } from '../../runtime/config/printed-config.ts';
import { referencePage } from '../../runtime/config/reference-page.ts';
import type { Arguments } from '../arguments.ts';
import { type Cli, EXIT } from '../cli.ts';
import type { CliCommand, CliOption } from '../cli-command.ts';
import { loadSettingsOrExplain } from '../load-settings.ts';

const FOR: CliOption = {
  name: 'for',
  value: 'dev|gateway|api',
  summary: 'the command whose defaults apply (gateway)',
};

export const CONFIG_CHECK: CliCommand = {
  words: ['config', 'check'],
  summary: 'check the configuration and report everything that is wrong',
  details:
    'Prints OK, or every problem with its key, source and what would be right. Reads the files it names, too.',
  options: [FOR],
  operand: '',
  takesSettings: true,
  run(given, cli) {
    const role = roleOf(given, cli);
    const loaded = role === null ? null : loadSettingsOrExplain(given, role, cli);
    if (loaded === null) return EXIT.usage;
    const { cert, key } = loaded.config.clients.tls;
    const problems = [
      ...unreadable('clients.tls.cert', cert, cli),
      ...unreadable('clients.tls.key', key, cli),
    ];
    if (problems.length > 0) {
      cli.err(`${problems.map(describeProblem).join('\n')}\n`);
      return EXIT.usage;
    }
    cli.out('OK\n');
    return EXIT.ok;
  },
};

export const CONFIG_PRINT: CliCommand = {
  words: ['config', 'print'],
  summary: 'print the effective configuration and where each value came from',
  details: 'YAML that can be used as a file; secrets are masked.',
  options: [FOR],
  operand: '',
  takesSettings: true,
  run(given, cli) {
    const role = roleOf(given, cli);
    const loaded = role === null ? null : loadSettingsOrExplain(given, role, cli);
    if (loaded === null) return EXIT.usage;
    cli.out(printConfig(loaded.config, loaded.origins));
    return EXIT.ok;
  },
};

export const CONFIG_DOCS: CliCommand = {
  words: ['config', 'docs'],
  summary: 'print the reference page of all settings (Markdown)',
  details: 'The text of docs/configuration.md.',
  options: [],
  operand: '',
  takesSettings: false,
  run(_, cli) {
    cli.out(referencePage());
    return EXIT.ok;
  },
};

function roleOf(given: Arguments, cli: Cli): Role | null {
  const name = given.options.get('for') ?? 'gateway';
  if (name === 'dev' || name === 'gateway' || name === 'api') return name;
  cli.err(`--for: "${name}" must be one of dev, gateway, api\n`);
  return null;
}

function unreadable(key: string, path: string, cli: Cli): ConfigProblem[] {
  if (path === '') return [];
  try {
    cli.readFile(path);
    return [];
  } catch (error) {
    return [{ subject: key, message: `"${path}" cannot be read: ${(error as Error).message}` }];
  }
}
