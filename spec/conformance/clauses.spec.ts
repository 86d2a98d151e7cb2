import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLOSE_REASONS } from '../../src/machines/close-reason.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLAUSE = /\b(?:EIO[34]|SIO[45]|MSGP|ENG|WS|ADAPT|CLOSE|PKT|FRM|HTTP|ORG|SLOW|RATE)(?:-[A-Z]+)?-\d+\b/g;

const text = readFileSync(join(ROOT, 'spec/protocol.md'), 'utf8');
const stated = [...text.matchAll(/\*\*([A-Z0-9-]+-\d+)\*\*/g)].map(([, id]) => id!);
const cited = new Set(
  specFiles().flatMap((file) => {
    const source = readFileSync(file, 'utf8');
    return [...source.matchAll(/(?:clause|strict|row|it)\(\s*['`]([^'`:]+)/g)].flatMap(
      ([, title]) => title!.match(CLAUSE) ?? [],
    );
  }),
);

describe('spec/protocol.md', () => {
  it('states each clause once', () => {
    expect(stated.filter((id, at) => stated.indexOf(id) !== at)).toEqual([]);
    expect(stated.length).toBeGreaterThan(100);
  });

  it('states no clause without a test', () => {
    expect(stated.filter((id) => !cited.has(id))).toEqual([]);
  });

  it('states every clause that a test cites', () => {
    expect([...cited].filter((id) => !stated.includes(id))).toEqual([]);
  });

  it('CLOSE-1: lists the close reasons as the code has them', () => {
    const rows = text.matchAll(/^\| `([a-z ]+)` \| (\d{4}) \| (client|server) \| (yes|no) \|$/gm);
    const table = Object.fromEntries(
      [...rows].map(([, reason, code, initiator, back]) => [
        reason,
        { code: Number(code), initiator, reconnects: back === 'yes' },
      ]),
    );
    expect(table).toEqual(CLOSE_REASONS);
  });
});

function specFiles(): string[] {
  return readdirSync(join(ROOT, 'spec'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.spec.ts'))
    .map((file) => join(ROOT, 'spec', file));
}
