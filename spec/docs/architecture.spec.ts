import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, prose, ROOT, readDocument } from './document.ts';

/** What commands make; a fresh clone has none of it. */
const MADE = [/^dist\//, /^bench\/results\//];

/** Files and folders of the repository that a document names: between backticks, or as the target of a link. */
function namedPaths(path: string): string[] {
  const text = prose(readDocument(path));
  const quoted = [
    ...text.matchAll(/`((?:src|spec|docs|examples|bench|proto|scripts|demo|deploy)\/[^`\s*<>]*)`/g),
  ].map(([, name = '']) => name);
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)]
    .map(([, link, attribute]) => (link ?? attribute ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(dirname(path), target)));
  return [...new Set([...quoted, ...links])].filter((name) => !MADE.some((made) => made.test(name)));
}

/** `src/a.ts` and the functions that a table row names beside it. */
function namedFunctions(path: string): { file: string; name: string }[] {
  return readDocument(path)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => {
      const [, file = ''] = /`(src\/[^`]+\.ts)`/.exec(line) ?? [];
      const names = [...line.matchAll(/`(?:\w+\.)?(#?\w+)\(\)`/g)];
      return file === '' ? [] : names.map(([, name = '']) => ({ file, name }));
    });
}

function anchorsOf(path: string): string[] {
  return [...prose(readDocument(path)).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-'),
  );
}

describe.each(DOCUMENTS)('%s', (document) => {
  it('names only files that exist', () => {
    expect(namedPaths(document).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('links only to headings that exist', () => {
    const links = [...prose(readDocument(document)).matchAll(/\]\(([\w./-]*)#([^)\s]+)\)/g)];
    const broken = links.filter(([, file = '', anchor = '']) => {
      const target = file === '' ? document : normalize(join(dirname(document), file));
      return !anchorsOf(target).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('follows messages through functions that are in the files it names', () => {
    const named = namedFunctions('ARCHITECTURE.md');
    expect(named.length).toBeGreaterThan(20);
    const missing = named.filter(({ file, name }) => {
      const code = readFileSync(join(ROOT, file), 'utf8');
      return !new RegExp(`(?<![\\w#])${name}\\b`).test(code);
    });
    expect(missing).toEqual([]);
  });

  it('names a spec for every invariant', () => {
    const [, section = ''] = readDocument('ARCHITECTURE.md').split(/^## Invariants$/m);
    const items = section.split(/^## /m)[0]!.match(/^\d+\. .*(?:\n {3}.*)*/gm) ?? [];
    expect(items.length).toBeGreaterThan(9);
    expect(items.filter((item) => !item.includes('`spec/'))).toEqual([]);
  });
});
