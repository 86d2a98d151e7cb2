import type { Config } from './config.ts';
import { CONFIG_KEYS, type ConfigKey } from './config-key.ts';
import { configured } from './load-config.ts';
import { DEFAULT, describeOrigin, type Origin } from './origin.ts';

const MASK = '********';

/**
 * The effective configuration as YAML that can be read back (except for the masked secrets), one key per line
 * with where its value came from.
 */
export function printConfig(config: Config, origins: ReadonlyMap<string, Origin>): string {
  const lines = CONFIG_KEYS.map((key) => {
    const setting = `${key.key}: ${printValue(key, configured(config, key))}`;
    return `${setting.padEnd(48)} # ${describeOrigin(origins.get(key.key) ?? DEFAULT)}`;
  });
  return `${lines.join('\n')}\n`;
}

function printValue(key: ConfigKey, value: unknown): string {
  if (value === null) return `null # ${key.without}`;
  const text = key.format(value);
  if (key.secret && text !== '') return `"${MASK}"`;
  if (key.kind.isList) return text === '' ? '[]' : `[${text.split(',').map(quoted).join(', ')}]`;
  return quoted(text);
}

/** JSON's quotes where YAML would read something else than this text. */
function quoted(text: string): string {
  return /^[A-Za-z0-9/][A-Za-z0-9._/-]*$/.test(text) ? text : JSON.stringify(text);
}
