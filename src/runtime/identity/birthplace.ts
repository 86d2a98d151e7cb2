import { nodeOf, type SnowflakeParts } from './snowflake.ts';
import { parseDecimal } from './snowflake-decimal.ts';

const parts: SnowflakeParts = { hi: 0, lo: 0 };

/** The node that a socket's public id names: where it was issued. -1 for what is no such id. */
export function birthplaceOf(socket: string): number {
  return parseDecimal(socket, parts) ? nodeOf(parts.hi, parts.lo) : -1;
}
