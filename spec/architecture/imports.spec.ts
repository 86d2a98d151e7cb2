import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { forbiddenImports, layerOf, moduleCycles } from './import-rules.ts';
import { importsOf, moduleOf, type SourceFile, sourceFiles } from './source-tree.ts';

const MOST_LINES = 300;
/** Files that were looked at and are better whole, with the reason. */
const LONGER: Readonly<Record<string, { readonly lines: number; readonly reason: string }>> = {
  'src/runtime/config/schema.ts': { lines: 470, reason: 'one table: every key with its default and reason' },
  'src/runtime/machine/machine-runner.ts': {
    lines: 480,
    reason: 'the hot loop and its arrays, read together',
  },
  'src/runtime/gateway.ts': { lines: 450, reason: 'the one place where the parts of a gateway are joined' },
  'src/machines/connection.ts': { lines: 480, reason: 'one machine is one chapter of the protocol' },
};
/** Names that say nothing about what is inside. */
const SAYS_NOTHING = /(?:^|\/)(?:utils?|helpers?|common|misc|types|index)(?:\.ts$|\/)/;
/** Time and randomness that a simulation could not hold. */
const NOT_INJECTED =
  /\b(?:Date\.now\(|new Date\(\)|performance\.now\(|setTimeout\(|setInterval\(|setImmediate\(|Math\.random\(|randomBytes\(|randomUUID\()/;

const files = sourceFiles();

describe('the source tree', () => {
  it('is there', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(new Set(files.map((file) => layerOf(file.path)))).toContain('runtime');
  });

  it('imports point inward: machines ← runtime ← adapters ← main, and each adapter has one vendor', () => {
    expect(forbiddenImports(files)).toEqual([]);
  });

  it('needs at run time only what the package declares', () => {
    const { dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const undeclared = files.flatMap((file) =>
      file.imports
        .filter(
          ({ kind, target, typeOnly }) =>
            kind === 'package' && !typeOnly && !Object.hasOwn(dependencies, target),
        )
        .map(({ target }) => `${file.path} imports ${target}`),
    );
    expect(undeclared).toEqual([]);
  });

  it('has no cycle between the folders of runtime', () => {
    const runtime = files.filter((file) => layerOf(file.path) === 'runtime');
    expect(moduleCycles(runtime, moduleOf)).toEqual([]);
  });

  it('asks its ports for time and randomness in machines and runtime', () => {
    const offenders = files
      .filter((file) => ['machines', 'runtime'].includes(layerOf(file.path)))
      .filter((file) => !file.path.startsWith('src/runtime/time/'))
      .filter((file) => NOT_INJECTED.test(file.code))
      .map((file) => `${file.path}: ${NOT_INJECTED.exec(file.code)![0]}`);
    expect(offenders).toEqual([]);
  });

  it(`has no file above ${MOST_LINES} lines that nobody gave a reason for`, () => {
    const long = files
      .filter((file) => file.lines > (LONGER[file.path]?.lines ?? MOST_LINES))
      .map((file) => `${file.path}: ${file.lines} lines`);
    expect(long).toEqual([]);
  });

  it('excuses no file that is short enough or gone', () => {
    const idle = Object.keys(LONGER).filter(
      (path) => !files.some((file) => file.path === path && file.lines > MOST_LINES),
    );
    expect(idle).toEqual([]);
  });

  it('names every file after what is in it', () => {
    expect(files.map((file) => file.path).filter((path) => SAYS_NOTHING.test(path))).toEqual([]);
  });
});

describe('the rules notice', () => {
  function file(path: string, code: string): SourceFile {
    return { path, code, lines: 1, imports: importsOf(path, code) };
  }

  it.each([
    ['src/machines/node.ts', "import { Clock } from '../runtime/ports/clock.ts';"],
    ['src/machines/node.ts', "import type { Clock } from '../runtime/ports/clock.ts';"],
    ['src/machines/node.ts', "import { createHash } from 'node:crypto';"],
    [
      'src/runtime/push/emit.ts',
      "import { JwtAuthenticator } from '../../adapters/jose/jwt-authenticator.ts';",
    ],
    ['src/runtime/push/emit.ts', "import {\n  connect,\n  type Socket,\n} from 'node:net';"],
    ['src/runtime/push/emit.ts', "import pino from 'pino';"],
    ['src/runtime/push/emit.ts', "const net = await import('node:net');"],
    ['src/runtime/push/emit.ts', "export { start } from '../../main.ts';"],
    ['src/runtime/push/emit.ts', "import 'uWebSockets.js';"],
    ['src/runtime/push/emit.ts', "import { judge } from '../../../spec/support/judge.ts';"],
    ['src/adapters/jose/key-set.ts', "import { Redis } from 'ioredis';"],
    ['src/adapters/jose/key-set.ts', "import { MemoryMailbox } from '../memory/mailbox.ts';"],
    ['src/adapters/jose/key-set.ts', "import { start } from '../../cli/start.ts';"],
    ['src/adapters/unheard-of/log.ts', "import { Client } from 'unheard-of';"],
  ])('%s with %s', (path, code) => {
    expect(forbiddenImports([file(path, code)])).toHaveLength(1);
  });

  it.each([
    ['src/machines/node.ts', "import { setup } from 'xstate';\nimport { A } from './close-reason.ts';"],
    ['src/runtime/push/emit.ts', "import type { A } from '../../machines/close-reason.ts';"],
    [
      'src/runtime/push/emit.ts',
      "import { fromJson } from '@bufbuild/protobuf';\nimport { X } from '../../generated/x.ts';",
    ],
    [
      'src/adapters/jose/key-set.ts',
      "import { jwtVerify } from 'jose';\nimport { request } from 'node:http';",
    ],
    ['src/main.ts', "import { A } from './adapters/jose/a.ts';\nimport { B } from './adapters/memory/b.ts';"],
  ])('nothing wrong with %s', (path, code) => {
    expect(importsOf(path, code).length).toBeGreaterThan(0);
    expect(forbiddenImports([file(path, code)])).toEqual([]);
  });

  it('a cycle of code, and lets types refer to one another', () => {
    const a = file('src/runtime/a/x.ts', "import { y } from '../b/y.ts';");
    const b = file('src/runtime/b/y.ts', "import { z } from '../c/z.ts';");
    const c = file('src/runtime/c/z.ts', "import { type Y, x } from '../a/x.ts';");
    expect(moduleCycles([a, b, c], moduleOf)).toEqual([
      'src/runtime/a → src/runtime/b → src/runtime/c → src/runtime/a',
    ]);
    const typed = file('src/runtime/c/z.ts', "import { type X, type Y } from '../a/x.ts';");
    expect(moduleCycles([a, b, typed], moduleOf)).toEqual([]);
    const alsoTyped = file('src/runtime/c/z.ts', "import type { X } from '../a/x.ts';");
    expect(moduleCycles([a, b, alsoTyped], moduleOf)).toEqual([]);
  });
});
