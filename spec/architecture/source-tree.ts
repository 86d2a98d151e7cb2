import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const ROOT = new URL('../../', import.meta.url);

export interface Import {
  /** A file of ours (`src/runtime/…`), a package, or a builtin (`node:…`). */
  readonly target: string;
  readonly kind: 'file' | 'package' | 'builtin';
  /** Erased by the compiler: no code runs because of it. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  /** Without comments, in which `import` is only a word. */
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

/** Everything written by hand below `src`. */
export function sourceFiles(): SourceFile[] {
  return readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join('src', name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts') && !path.startsWith('src/generated/'))
    .toSorted()
    .map(readSource);
}

/** Reads what a text imports; `path` is where relative imports start from. */
export function importsOf(path: string, code: string): Import[] {
  const imports: Import[] = [];
  for (const { groups } of code.matchAll(IMPORT)) {
    const { clause = '', specifier, dynamic } = groups!;
    imports.push({ ...resolve(path, specifier ?? dynamic!), typeOnly: isTypeOnly(clause) });
  }
  return imports;
}

/** The folder below `src/<layer>`, or the file itself when it lies directly there. */
export function moduleOf(path: string): string {
  return path.split('/').slice(0, 3).join('/');
}

const IMPORT =
  /(?:^|[;}\n])\s*(?:import|export)\s+(?<clause>[^'"`;]*?\bfrom\s*)?['"](?<specifier>[^'"\n]+)['"]|\bimport\s*\(\s*['"](?<dynamic>[^'"\n]+)['"]/g;

function readSource(path: string): SourceFile {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  const code = withoutComments(text);
  return { path, code, lines: text.split('\n').length - 1, imports: importsOf(path, code) };
}

function resolve(path: string, specifier: string): Pick<Import, 'target' | 'kind'> {
  if (specifier.startsWith('.')) {
    return { kind: 'file', target: posix.normalize(posix.join(posix.dirname(path), specifier)) };
  }
  if (specifier.startsWith('node:')) return { kind: 'builtin', target: specifier };
  const parts = specifier.split('/');
  return { kind: 'package', target: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') };
}

/** `import type {…}`, or a list whose every name is a `type`. */
function isTypeOnly(clause: string): boolean {
  if (clause.startsWith('type ')) return true;
  const list = /^\{(?<names>[^}]*)\}/.exec(clause)?.groups?.names;
  if (list === undefined) return false;
  const names = list.split(',').map((name) => name.trim());
  return names.every((name) => name === '' || name.startsWith('type '));
}

/** Drops comments and keeps strings, in which two slashes mean nothing. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, literal: string | undefined) => literal ?? '',
  );
}
