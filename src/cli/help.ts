import { CONFIG_KEYS } from '../runtime/config/config-key.ts';
import type { CliCommand } from './cli-command.ts';

/** What `holdfast --help` prints; with `prefix` only the commands that start with this word. */
export function overview(commands: readonly CliCommand[], prefix = ''): string {
  const shown = commands.filter(({ words }) => prefix === '' || words[0] === prefix);
  const rows = shown.map(({ words, summary }) => [words.join(' '), summary] as const);
  return `Holdfast: Socket.IO clients in front, backends in any language behind.

Usage: holdfast ${prefix === '' ? '<command>' : `${prefix} <command>`} [flags]

Commands:
${table(rows)}

Flags:
${table([
  ['--config <path>', 'configuration file, YAML or JSON (HOLDFAST_CONFIG)'],
  ['--<key> <value>', 'any setting, such as --engine.pingInterval 10s'],
  ['--help', 'help of a command, with all settings'],
  ['--version', 'the version'],
])}
`;
}

/** What `holdfast <command> --help` prints. */
export function commandHelp({
  words,
  summary,
  details,
  options,
  operand,
  takesSettings,
}: CliCommand): string {
  const own = options.map(
    ({ name, value, summary: what }) => [value === '' ? `--${name}` : `--${name} <${value}>`, what] as const,
  );
  const flags = takesSettings
    ? [...own, ['--config <path>', 'configuration file, YAML or JSON (HOLDFAST_CONFIG)'] as const]
    : own;
  const settings = CONFIG_KEYS.map(
    ({ key, kind, fallback, without }) =>
      [
        `--${key}${kind.isSwitch ? '' : ` <${kind.name.replaceAll(' ', '')}>`}`,
        fallback ? fallback : without,
      ] as const,
  );
  const parts = [
    `holdfast ${words.join(' ')}: ${summary}.`,
    details,
    `Usage: holdfast ${[...words, operand, '[flags]'].filter(Boolean).join(' ')}`,
    flags.length > 0 ? `Flags:\n${table(flags)}` : '',
    takesSettings ? `Settings and their defaults (holdfast config docs tells more):\n${table(settings)}` : '',
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
