import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** The documents this folder answers for, from the root of the repository. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'spec/protocol.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A fenced block, and what the comment in the line before it says (`<!-- holdfast.v1.EmitRequest -->`), or nothing. */
export interface CodeBlock {
  readonly language: string;
  readonly comment: string;
  readonly text: string;
}

export function codeBlocks(document: string): CodeBlock[] {
  const found = document.matchAll(/(?:<!-- ([^\n]*?) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...found].map(([, comment = '', language = '', text = '']) => ({ language, comment, text }));
}

/** Fenced blocks blanked out: what is left is prose. */
export function prose(document: string): string {
  return document.replace(/^```[\s\S]*?^```$/gm, '');
}

/** Cells of the table rows below a heading, without header and rule, with the marks of code taken off. */
export function tableBelow(document: string, heading: string): string[][] {
  const lines = document.split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`there is no heading "${heading}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(start + 1)) {
    if (/^#{1,6} /.test(line)) break;
    if (line.startsWith('|')) rows.push(line.slice(1, -1).split('|').map(plain));
  }
  return rows.slice(2);
}

function plain(cell: string): string {
  return cell.trim().replace(/^`(.*)`$/, '$1');
}
