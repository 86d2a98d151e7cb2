import { KEYS_BY_VARIABLE } from './config-key.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { GivenValue, GivenValues } from './given-value.ts';
import { nearest } from './nearest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file, as `--config` does. */
export const FILE_VARIABLE = 'HOLDFAST_CONFIG';

/** Reads the `HOLDFAST_*` variables. One that is not known is a problem. */
export function readEnvironment(environment: Environment): GivenValues {
  const values: GivenValue[] = [];
  const problems: ConfigProblem[] = [];
  for (const [variable, raw] of Object.entries(environment)) {
    if (!variable.startsWith('HOLDFAST_') || raw === undefined || variable === FILE_VARIABLE) continue;
    const key = KEYS_BY_VARIABLE.get(variable);
    if (key !== undefined) {
      values.push({ key, raw, origin: { from: 'variable', variable } });
    } else if (!isServiceLink(variable, environment)) {
      const known = nearest(variable, [...KEYS_BY_VARIABLE.keys(), FILE_VARIABLE]);
      problems.push({ subject: variable, message: `unknown variable; the nearest known one is ${known}` });
    }
  }
  return { values, problems };
}

/**
 * Kubernetes sets such variables in every pod beside a Service named `holdfast` or `holdfast-…`, and nobody can
 * help it from inside the pod (Kubernetes, "Accessing the Service": environment variables).
 */
function isServiceLink(variable: string, environment: Environment): boolean {
  if (environment.KUBERNETES_SERVICE_HOST === undefined) return false;
  return /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/.test(
    variable,
  );
}
