import type { ConfigKey } from './config-key.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { Origin } from './origin.ts';

/** A value somebody wrote down for a setting, not yet read. */
export interface GivenValue {
  readonly key: ConfigKey;
  /** Text from a flag or variable; from a file also what YAML makes of it. */
  readonly raw: unknown;
  readonly origin: Origin;
}

/** All values of one source, and what was wrong with the source itself. */
export interface GivenValues {
  readonly values: readonly GivenValue[];
  readonly problems: readonly ConfigProblem[];
}
