import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdTable, NO_ROW } from '../../src/runtime/identity/id-table.ts';
import { SnowflakeGenerator } from '../../src/runtime/identity/snowflake.ts';

const word = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1, 0xffff_f000));
const operation = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), hi: word, lo: word, row: fc.nat() }),
  fc.record({ kind: fc.constant('delete' as const), hi: word, lo: word, row: fc.nat() }),
);

describe('the id table', () => {
  it('answers like a Map after any sequence of insertions and deletions', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400, size: 'max' }), (operations) => {
        const table = new IdTable();
        const model = new Map<string, number>();
        for (const { kind, hi, lo, row } of operations) {
          const key = `${hi}:${lo}`;
          expect(table.get(hi, lo)).toBe(model.get(key) ?? NO_ROW);
          if (kind === 'set') {
            table.set(hi, lo, row);
            model.set(key, row);
          } else {
            expect(table.delete(hi, lo)).toBe(model.get(key) ?? NO_ROW);
            model.delete(key);
          }
          expect(table.size).toBe(model.size);
        }
        for (const [key, row] of model) {
          const [hi, lo] = key.split(':').map(Number);
          expect(table.get(hi!, lo!)).toBe(row);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('grows with real ids, finds each of them, and shrinks again when they go', () => {
    const clock = { wall: Date.UTC(2026, 10, 20), wallNow: () => clock.wall };
    const ids = new SnowflakeGenerator({ clock, node: 17 });
    const table = new IdTable();
    const all: [number, number][] = [];
    for (let row = 0; row < 50_000; row++) {
      if (row % 3 === 0) clock.wall += 1;
      ids.next();
      all.push([ids.hi, ids.lo]);
      table.set(ids.hi, ids.lo, row);
    }
    expect(table.byteLength / table.size).toBeLessThan(31);
    for (const [row, [hi, lo]] of all.entries())
      if (table.get(hi, lo) !== row) throw new Error(`lost row ${row}`);
    for (const [row, [hi, lo]] of all.entries()) {
      if (row >= 10) expect(table.delete(hi, lo)).toBe(row);
    }
    expect(table.size).toBe(10);
    expect(table.byteLength).toBeLessThan(1_000);
    for (const [row, [hi, lo]] of all.slice(0, 10).entries()) expect(table.get(hi, lo)).toBe(row);
  });

  it('keeps probes short for ids of quiet milliseconds, whose sequence is always 0', () => {
    const table = new IdTable();
    const started = process.cpuUsage().user;
    for (let i = 0; i < 200_000; i++)
      table.set(27_000_000 + (i >>> 10), (((i & 1023) << 22) | (1 << 12)) >>> 0, i);
    for (let i = 0; i < 200_000; i++) {
      if (table.get(27_000_000 + (i >>> 10), (((i & 1023) << 22) | (1 << 12)) >>> 0) !== i)
        throw new Error('lost');
    }
    // Clustered ids would probe thousands of slots each: many seconds.
    expect(process.cpuUsage().user - started).toBeLessThan(2_000_000);
  });

  it('holds nothing after clear', () => {
    const table = new IdTable();
    table.set(1, 2, 3);
    table.clear();
    expect(table.size).toBe(0);
    expect(table.get(1, 2)).toBe(NO_ROW);
  });
});
