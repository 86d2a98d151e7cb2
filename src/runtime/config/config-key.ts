import { z } from 'zod';
import { CONFIG_SCHEMA } from './schema.ts';
import { SETTINGS, type SettingFacts } from './setting.ts';

/** One setting with the names it goes by. */
export interface ConfigKey extends SettingFacts {
  /** `engine.pingInterval`: in files, and after `--` as a flag. */
  readonly key: string;
  /** `HOLDFAST_ENGINE_PING_INTERVAL`. */
  readonly variable: string;
  /** Where the value stands in `Config`; differs from `key` for switches with settings under them. */
  readonly path: readonly string[];
  readonly schema: z.ZodType;
}

/** All settings in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = Object.freeze(collect(CONFIG_SCHEMA, []));

export const KEYS_BY_NAME: ReadonlyMap<string, ConfigKey> = new Map(CONFIG_KEYS.map((key) => [key.key, key]));
export const KEYS_BY_VARIABLE: ReadonlyMap<string, ConfigKey> = new Map(
  CONFIG_KEYS.map((key) => [key.variable, key]),
);

/** Names of the sections, `heartbeat.adaptive` among them: what a file may nest. */
export const SECTIONS: ReadonlySet<string> = new Set(
  CONFIG_KEYS.flatMap(({ path }) => path.slice(0, -1).map((_, depth) => path.slice(0, depth + 1).join('.'))),
);

/** `engine.pingInterval` → `HOLDFAST_ENGINE_PING_INTERVAL`. */
export function variableOf(key: string): string {
  return `HOLDFAST_${key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

function collect(section: z.ZodObject, path: readonly string[]): ConfigKey[] {
  return Object.entries<z.ZodType>(section.shape).flatMap(([name, schema]): ConfigKey[] => {
    const here = [...path, name];
    if (schema instanceof z.ZodObject) return collect(schema, here);
    const facts = SETTINGS.get(schema);
    if (facts === undefined) throw new Error(`${here.join('.')} lacks its facts`);
    const key = facts.key ?? here.join('.');
    return [Object.freeze({ ...facts, key, variable: variableOf(key), path: here, schema })];
  });
}
