import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Environment } from '../runtime/config/config-environment.ts';
import { describeProblem } from '../runtime/config/config-problem.ts';
import { nearest } from '../runtime/config/nearest.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { type Cli, EXIT } from './cli.ts';
import type { CliCommand } from './cli-command.ts';
import { API, GATEWAY } from './commands/cluster-role.ts';
import { CONFIG_CHECK, CONFIG_DOCS, CONFIG_PRINT } from './commands/config.ts';
import { DEV } from './commands/dev.ts';
import { REPLAY } from './commands/replay.ts';
import { TOKEN_CREATE } from './commands/token-create.ts';
import { TOKEN_VERIFY } from './commands/token-verify.ts';
import { TOPICS_CREATE } from './commands/topics-create.ts';
import { commandHelp, overview } from './help.ts';
import { VERSION } from './version.ts';

export const COMMANDS: readonly CliCommand[] = [
  DEV,
  GATEWAY,
  API,
  CONFIG_CHECK,
  CONFIG_PRINT,
  CONFIG_DOCS,
  TOKEN_CREATE,
  TOKEN_VERIFY,
  TOPICS_CREATE,
  REPLAY,
];

const OWN = COMMANDS.flatMap(({ options }) => options);
const OPTIONS = ['config', ...OWN.filter(({ value }) => value !== '').map(({ name }) => name)];
const SWITCHES = OWN.filter(({ value }) => value === '').map(({ name }) => name);

/** What the caller must give; the rest of `Cli` is the process itself unless a test says otherwise. */
export type CliDependencies = Pick<Cli, 'startNode' | 'createTopics'> & Partial<Cli>;

/**
 * Runs one command line (`argv` without node and script). Resolves with the exit code: 0 done, 1 failed,
 * 2 when the command line or the configuration is wrong.
 */
export async function runCli(
  argv: readonly string[],
  environment: Environment,
  dependencies: CliDependencies,
): Promise<number> {
  const cli: Cli = {
    environment,
    out: (output) => void process.stdout.write(output),
    err: (output) => void process.stderr.write(output),
    readFile: (path) => readFileSync(path, 'utf8'),
    readStdin: () => text(process.stdin),
    readLine: lineReader(),
    ...dependencies,
  };
  const given = parseArguments(argv, OPTIONS, SWITCHES);
  if (given.version) {
    cli.out(`holdfast ${VERSION}\n`);
    return EXIT.ok;
  }
  const command = COMMANDS.find(({ words }) => words.every((word, index) => given.words[index] === word));
  if (command === undefined) return withoutCommand(given, cli);
  if (given.help) {
    cli.out(commandHelp(command));
    return EXIT.ok;
  }
  const problems = misplaced(given, command);
  // A command that loads the configuration reports these together with everything else that is wrong with it.
  if (problems.length > 0 || !command.takesSettings) {
    problems.unshift(...given.settings.problems.map(describeProblem));
  }
  if (problems.length > 0) {
    cli.err(`${problems.join('\n')}\n`);
    return EXIT.usage;
  }
  try {
    return await command.run(given, cli);
  } catch (error) {
    cli.err(
      `holdfast ${command.words.join(' ')}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return EXIT.failed;
  }
}

/** Standard input keeps the process only while a line is waited for. */
function lineReader(): Cli['readLine'] {
  let lines: AsyncIterator<string> | null = null;
  // A file has nothing to let go of.
  const input: Pick<NodeJS.ReadStream, keyof NodeJS.ReadableStream> & Partial<NodeJS.ReadStream> =
    process.stdin;
  return async () => {
    lines ??= createInterface({ input })[Symbol.asyncIterator]();
    input.ref?.();
    const { value, done } = await lines.next();
    input.unref?.();
    return done === true ? null : value;
  };
}

function withoutCommand(given: Arguments, cli: Cli): number {
  const [first = '', second = ''] = given.words;
  const known = COMMANDS.map(({ words }) => words.join(' '));
  const isGroup = known.some((name) => name.startsWith(`${first} `));
  const problems = given.settings.problems.map(describeProblem);
  if (first !== '' && !(isGroup && second === '')) {
    const asked = isGroup ? `${first} ${second}` : first;
    problems.push(`"${asked}": unknown command; the nearest known one is ${nearest(asked, known)}`);
  }
  if (problems.length > 0) {
    cli.err(`${problems.join('\n')}\nholdfast --help lists all commands.\n`);
    return EXIT.usage;
  }
  const help = overview(COMMANDS, first);
  if (given.help) cli.out(help);
  else cli.err(help);
  return given.help ? EXIT.ok : EXIT.usage;
}

/** Words and flags that this command has no use for. */
function misplaced(given: Arguments, { words, operand, options, takesSettings }: CliCommand): string[] {
  const most = words.length + (operand === '' ? 0 : 1);
  const name = `holdfast ${words.join(' ')}`;
  const problems: string[] = [];
  if (given.words.length > most) {
    // Not repeated: it may be the second half of a secret that lacked quotes.
    problems.push(`${name}: too many words; it takes ${operand || 'none'}, quote a value that holds spaces`);
  }
  for (const option of given.options.keys()) {
    const fits = options.some((own) => own.name === option) || (option === 'config' && takesSettings);
    if (!fits) problems.push(`--${option}: ${name} has no use for it`);
  }
  return problems;
}
