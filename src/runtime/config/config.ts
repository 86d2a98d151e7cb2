import type { z } from 'zod';
import type { CONFIG_SCHEMA } from './schema.ts';

/**
 * The configuration of one process, as the loader hands it out: complete, checked and frozen. Durations are
 * milliseconds, sizes bytes, lists arrays; a text that was left out is empty.
 */
export type Config = DeepReadonly<Resolved>;

type Parsed = z.output<typeof CONFIG_SCHEMA>;

/** What the loader fills in where a default depends on another setting. */
type Resolved = Omit<Parsed, 'heartbeat'> & {
  heartbeat: { adaptive: Omit<Parsed['heartbeat']['adaptive'], 'max'> & { max: number } };
};

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
