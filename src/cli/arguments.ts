import { KEYS_BY_NAME } from '../runtime/config/config-key.ts';
import type { ConfigProblem } from '../runtime/config/config-problem.ts';
import type { GivenValue, GivenValues } from '../runtime/config/given-value.ts';
import { nearest } from '../runtime/config/nearest.ts';

/** A command line, taken apart. What is wrong with it stands in `settings.problems`. */
export interface Arguments {
  /** Everything that is neither a flag nor a flag's value: the command, and what it works on. */
  readonly words: readonly string[];
  /** Flags that are no settings, by name: `config`, and those of single commands; empty for one without a value. */
  readonly options: ReadonlyMap<string, string>;
  /** Flags that are settings (`--engine.pingInterval 10s`). */
  readonly settings: GivenValues;
  readonly help: boolean;
  readonly version: boolean;
}

const SHORT: Readonly<Record<string, string>> = { '-h': '--help', '-v': '--version', '-V': '--version' };

/**
 * Reads `--flag value`, `--flag=value` and lone boolean flags, in any place. `options` are the names of flags
 * with a value that are no settings, `switches` of those without. After `--` everything is a word.
 */
export function parseArguments(
  argv: readonly string[],
  options: readonly string[],
  switches: readonly string[] = [],
): Arguments {
  const words: string[] = [];
  const found = new Map<string, string>();
  const values = new Map<string, GivenValue>();
  const problems: ConfigProblem[] = [];
  const asked = new Set<string>();

  const rest = [...argv];
  while (rest.length > 0) {
    const token = rest.shift()!;
    if (token === '--') {
      words.push(...rest.splice(0));
      break;
    }
    const flag = SHORT[token] ?? token;
    if (!flag.startsWith('-') || flag === '-') {
      words.push(token);
      continue;
    }
    const equals = flag.indexOf('=');
    const name = flag.slice(flag.startsWith('--') ? 2 : 0, equals < 0 ? undefined : equals);
    const attached = equals < 0 ? undefined : flag.slice(equals + 1);
    const key = KEYS_BY_NAME.get(name);

    if ((name === 'help' || name === 'version') && attached === undefined) {
      asked.add(name);
    } else if (switches.includes(name)) {
      if (attached === undefined) found.set(name, '');
      else problems.push({ subject: `--${name}`, message: 'takes no value' });
    } else if (key === undefined && !options.includes(name)) {
      problems.push({
        subject: flag.slice(0, equals < 0 ? undefined : equals),
        message: unknown(name, [...options, ...switches]),
      });
      // What follows is most likely its value; taken for a word it would only cause a second error.
      if (attached === undefined && isValue(rest[0])) rest.shift();
    } else if (key?.kind.isSwitch && attached === undefined) {
      const raw = rest[0] === 'true' || rest[0] === 'false' ? rest.shift() : 'true';
      values.set(name, { key, raw, origin: { from: 'flag', flag: name } });
    } else {
      const raw = attached ?? (isValue(rest[0]) ? rest.shift() : undefined);
      if (raw === undefined) {
        problems.push({
          subject: `--${name}`,
          message: `needs a value: --${name} <${key?.kind.name ?? 'value'}>`,
        });
      } else if (key === undefined) {
        found.set(name, raw);
      } else {
        const earlier = key.kind.isList ? values.get(name) : undefined;
        const joined = earlier === undefined ? raw : `${earlier.raw},${raw}`;
        values.set(name, { key, raw: joined, origin: { from: 'flag', flag: name } });
      }
    }
  }
  return {
    words,
    options: found,
    settings: { values: [...values.values()], problems },
    help: asked.has('help'),
    version: asked.has('version'),
  };
}

function isValue(token: string | undefined): token is string {
  return token !== undefined && !token.startsWith('--') && !(token in SHORT);
}

function unknown(name: string, options: readonly string[]): string {
  const known = nearest(name, [...KEYS_BY_NAME.keys(), ...options, 'help', 'version']);
  return `unknown flag; the nearest known one is --${known}`;
}
