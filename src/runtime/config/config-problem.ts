import type { ConfigKey } from './config-key.ts';
import { describeOrigin, type Origin } from './origin.ts';

/** One thing that is wrong with the configuration, ready for people to read. Holds no secret. */
export interface ConfigProblem {
  /** The key, flag or variable it is about; a file's path when the whole file is meant. */
  readonly subject: string;
  readonly message: string;
}

export function describeProblem({ subject, message }: ConfigProblem): string {
  return `${subject}: ${message}`;
}

/** A value that cannot be read. The value itself is repeated unless it is a secret. */
export function wrongValue(key: ConfigKey, raw: unknown, origin: Origin, message: string): ConfigProblem {
  const shown = key.secret ? 'the value (not shown)' : quote(raw);
  return { subject: `${key.key} (${describeOrigin(origin)})`, message: `${shown} ${message}` };
}

/** What stood there, shortened, without the password a URL may carry. */
function quote(raw: unknown): string {
  const text = typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? String(raw));
  const safe = text.replace(/\/\/[^@/]*@/g, '//***@');
  return `"${safe.length > 100 ? `${safe.slice(0, 100)}…` : safe}"`;
}
