import type { z } from 'zod';
import type { ValueKind } from './value-kind.ts';

/** What the schema knows about one setting beyond its type. */
export interface SettingFacts {
  readonly kind: Pick<ValueKind<unknown>, 'name' | 'unit' | 'isList' | 'isSwitch'>;
  /** A parsed value as it would be written in a file. */
  readonly format: (value: unknown) => string;
  /** The default as it would be written in a file; `null` when leaving it out means something of its own. */
  readonly fallback: string | null;
  /** What leaving it out means, for people: shown where the default is nothing. */
  readonly without: string;
  /** The default of `holdfast dev` where it differs. */
  readonly inDev: string | null;
  readonly reason: string;
  /** Never printed, neither in errors nor by `config print`. */
  readonly secret: boolean;
  /** The contract's key when it is not the path in the schema: `heartbeat.adaptive` for `….adaptive.enabled`. */
  readonly key: string | null;
}

/** Facts of every setting of the schema, by the setting's zod type. */
export const SETTINGS: WeakMap<z.ZodType, SettingFacts> = new WeakMap();

type Extra = Partial<Pick<SettingFacts, 'inDev' | 'secret' | 'key'>> & {
  /** What an empty value means. */
  readonly empty?: string;
};

/** A setting with a default. `reason` says why it exists or why the default is what it is. */
export function setting<T>(
  kind: ValueKind<T>,
  fallback: string,
  reason: string,
  extra: Extra = {},
): z.ZodType<T> {
  return described(kind.schema.clone(), kind, { fallback, without: extra.empty ?? 'none', reason, ...extra });
}

/** A setting that may be left out, in which case it is `null` in `Config` and `without` tells what happens. */
export function optional<T>(
  kind: ValueKind<T>,
  without: string,
  reason: string,
  extra: Extra = {},
): z.ZodType<T | null> {
  return described<T | null, T>(kind.schema.nullable(), kind, { fallback: null, without, reason, ...extra });
}

function described<T, S>(
  schema: z.ZodType<T>,
  kind: ValueKind<S>,
  facts: Pick<SettingFacts, 'fallback' | 'without' | 'reason'> & Extra,
): z.ZodType<T> {
  const { inDev = null, secret = false, key = null, fallback, without, reason } = facts;
  const format = (value: unknown): string => kind.format(value as S);
  SETTINGS.set(schema, { kind, format, fallback, without, reason, inDev, secret, key });
  return schema;
}
