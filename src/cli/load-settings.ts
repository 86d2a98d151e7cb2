import { FILE_VARIABLE } from '../runtime/config/config-environment.ts';
import type { ConfigFile } from '../runtime/config/config-file.ts';
import { describeProblem } from '../runtime/config/config-problem.ts';
import { type LoadedConfig, type LoadResult, loadConfig, type Role } from '../runtime/config/load-config.ts';
import type { Arguments } from './arguments.ts';
import type { Cli } from './cli.ts';

/** Reads the configuration from flags, environment and file, as the command line says. */
export function loadSettings(given: Arguments, role: Role, cli: Cli): LoadResult {
  const { environment } = cli;
  const path = given.options.get('config') ?? environment[FILE_VARIABLE] ?? '';
  let file: ConfigFile | null = null;
  const problems = [...given.settings.problems];
  try {
    if (path !== '') file = { path, text: cli.readFile(path) };
  } catch (error) {
    const subject = given.options.has('config') ? '--config' : `variable ${FILE_VARIABLE}`;
    problems.push({ subject, message: `cannot be read: ${(error as Error).message}` });
  }
  return loadConfig({ role, flags: { values: given.settings.values, problems }, environment, file });
}

/** The same, with problems and warnings printed; `null` when the command cannot go on. */
export function loadSettingsOrExplain(given: Arguments, role: Role, cli: Cli): LoadedConfig | null {
  const result = loadSettings(given, role, cli);
  if (!result.ok) {
    cli.err(`${result.problems.map(describeProblem).join('\n')}\n`);
    return null;
  }
  for (const warning of result.warnings) cli.err(`warning: ${describeProblem(warning)}\n`);
  return result;
}
