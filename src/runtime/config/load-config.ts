import type { Config } from './config.ts';
import { type Environment, readEnvironment } from './config-environment.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import { CONFIG_KEYS, type ConfigKey, KEYS_BY_NAME } from './config-key.ts';
import { type ConfigProblem, wrongValue } from './config-problem.ts';
import { CROSS_CHECKS, type CrossCheck, WARNINGS } from './cross-checks.ts';
import type { GivenValue, GivenValues } from './given-value.ts';
import { DEFAULT, describeOrigin, type Origin } from './origin.ts';

/** Which command the configuration is for; `dev` differs in a few defaults. */
export type Role = 'dev' | 'gateway' | 'api';

export interface ConfigSources {
  readonly role: Role;
  readonly flags: GivenValues;
  readonly environment: Environment;
  readonly file: ConfigFile | null;
}

export type LoadResult = LoadedConfig | FailedConfig;

export interface LoadedConfig {
  readonly ok: true;
  readonly config: Config;
  /** Where the value of each key came from. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly warnings: readonly ConfigProblem[];
}

export interface FailedConfig {
  readonly ok: false;
  /** All of them, not only the first. */
  readonly problems: readonly ConfigProblem[];
}

/** Reads the configuration: flag over environment over file over default. Reports everything wrong at once. */
export function loadConfig({ role, flags, environment, file }: ConfigSources): LoadResult {
  const sources = [flags, readEnvironment(environment), file === null ? NOTHING : readConfigFile(file)];
  const problems = sources.flatMap((source) => source.problems);
  const given = new Map<ConfigKey, GivenValue>();
  for (const source of sources.toReversed()) {
    for (const value of source.values) given.set(value.key, value);
  }

  const origins = new Map<string, Origin>();
  const unreadable = new Set<string>();
  const tree: Tree = {};
  for (const key of CONFIG_KEYS) {
    const value = given.get(key);
    origins.set(key.key, value?.origin ?? DEFAULT);
    const read = value === undefined ? null : key.schema.safeParse(value.raw);
    if (read?.success) {
      place(tree, key.path, read.data);
    } else {
      place(tree, key.path, defaultOf(key, role));
      if (value === undefined || read === null) continue;
      unreadable.add(key.key);
      for (const { path, message } of read.error.issues) {
        const item = path.length > 0 ? ` item ${Number(path[0]) + 1}` : '';
        problems.push(
          wrongValue(key, value.raw, value.origin, `${item}${item && ' '}${message}`.trimStart()),
        );
      }
    }
  }

  const config = freeze(resolve(tree));
  const ask = (checks: readonly CrossCheck[]): ConfigProblem[] =>
    checks.flatMap(({ keys, wrong }) => {
      if (keys.some((key) => unreadable.has(key))) return [];
      const message = wrong(config);
      return message === null ? [] : [{ subject: blame(keys, origins), message }];
    });
  problems.push(...ask(CROSS_CHECKS));
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, config, origins, warnings: ask(WARNINGS) };
}

/** The value a key has when nobody sets it. */
export function defaultOf(key: ConfigKey, role: Role): unknown {
  const text = role === 'dev' ? (key.inDev ?? key.fallback) : key.fallback;
  return key.schema.parse(text);
}

/** The value of a key in a loaded configuration. */
export function configured(config: Config, key: ConfigKey): unknown {
  return key.path.reduce<unknown>((section, name) => (section as Tree)[name], config);
}

const NOTHING: GivenValues = { values: [], problems: [] };

type Tree = { [name: string]: unknown };

function place(tree: Tree, path: readonly string[], value: unknown): void {
  let section = tree;
  for (const name of path.slice(0, -1)) {
    section[name] ??= {};
    section = section[name] as Tree;
  }
  section[path.at(-1)!] = value;
}

/** Fills in the defaults that are other settings. The tree was made from the schema, key by key. */
function resolve(tree: Tree): Config {
  const parsed = tree as unknown as Config & { heartbeat: { adaptive: { max: number | null } } };
  const { adaptive } = parsed.heartbeat;
  const max = adaptive.max ?? parsed.engine.pingInterval;
  const { jwt } = parsed.auth;
  const algorithms =
    jwt.algorithms.length > 0
      ? jwt.algorithms
      : [
          ...(jwt.secret === '' ? [] : (['HS256'] as const)),
          ...(jwt.jwksUrl === '' ? [] : (['RS256', 'ES256', 'EdDSA'] as const)),
        ];
  return {
    ...parsed,
    heartbeat: { adaptive: { ...adaptive, max } },
    auth: { ...parsed.auth, jwt: { ...jwt, algorithms } },
  };
}

function blame(keys: readonly [string, ...string[]], origins: ReadonlyMap<string, Origin>): string {
  const origin = origins.get(keys[0]) ?? DEFAULT;
  return KEYS_BY_NAME.has(keys[0]) && origin.from !== 'default'
    ? `${keys[0]} (${describeOrigin(origin)})`
    : keys[0];
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
