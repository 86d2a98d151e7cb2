import type { Config } from '../runtime/config/config.ts';
import type { Environment } from '../runtime/config/config-environment.ts';
import type { LoadResult, Role } from '../runtime/config/load-config.ts';

/** What the commands need of the world. */
export interface Cli {
  readonly environment: Environment;
  /**
   * Runs a node until it has stopped; resolves with the exit code, rejects when it cannot start. `reload` reads
   * the configuration again from the same sources (SIGHUP).
   */
  readonly startNode: (role: Role, config: Config, reload: () => LoadResult) => Promise<number>;
  /** Creates Kafka's topics where they do not exist; resolves with the names of those it made. */
  readonly createTopics: (config: Config) => Promise<readonly string[]>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Content of a text file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  readonly readStdin: () => Promise<string>;
  /** The next line of standard input; null when there is none any more. */
  readonly readLine: () => Promise<string | null>;
}

/** Exit codes: what scripts and init systems go by. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
