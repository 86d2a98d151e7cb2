import type { MachineTables } from '../machine/compiled-machine.ts';

/**
 * Tells whether two machines are the same, as 16 hexadecimal digits: FNV-1a, because it has to be the same in a browser,
 * at once, and nobody gains by two that look alike.
 */
export function digestOf(tables: MachineTables): string {
  const text = JSON.stringify(tables, (_, value: unknown) =>
    ArrayBuffer.isView(value) ? Array.from(value as Int32Array) : value,
  );
  let low = 0x84222325;
  let high = 0xcbf29ce4;
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ (low >>> 15), 0x01000193);
  }
  return hex(high) + hex(low);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
