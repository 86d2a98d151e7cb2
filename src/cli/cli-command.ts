import type { Arguments } from './arguments.ts';
import type { Cli } from './cli.ts';

/** One command of `holdfast`. */
export interface CliCommand {
  /** `['config', 'check']` */
  readonly words: readonly [string, ...string[]];
  /** One line for the list of commands. */
  readonly summary: string;
  /** More for `--help`, in lines of at most 100 characters. */
  readonly details: string;
  /** Flags of its own. */
  readonly options: readonly CliOption[];
  /** What it works on, as shown in its usage (`[token]`); empty when nothing. */
  readonly operand: string;
  /** Whether settings matter to it: then they are listed in its help and may be given as flags. */
  readonly takesSettings: boolean;
  /** Resolves with the exit code. */
  run(given: Arguments, cli: Cli): number | Promise<number>;
}

export interface CliOption {
  readonly name: string;
  /** What its value is called; empty when it takes none. */
  readonly value: string;
  readonly summary: string;
}
