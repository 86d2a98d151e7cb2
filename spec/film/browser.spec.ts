import { expect, it } from 'vitest';
import { sourceFiles } from '../architecture/source-tree.ts';

/** What a page needs to play a film, step through it and show it. */
const PLAYER = [
  'src/runtime/film/film.ts',
  'src/runtime/film/replay.ts',
  'src/runtime/film/describe-frame.ts',
  'src/runtime/film/tables-digest.ts',
  'src/runtime/film/stately-mirror.ts',
  'src/runtime/machine/compiled-once.ts',
];
const PACKAGES = ['xstate', 'zod'];
/** Globals that a page does not have. */
const OF_NODE = /\b(?:Buffer|process|setImmediate|require|__dirname)\b(?!['`])/;

it('films are played by code that runs in a browser as well: nothing of Node in it, or below it', () => {
  const files = new Map(sourceFiles().map((file) => [file.path, file]));
  const reached = new Set<string>(PLAYER);
  for (const path of reached) {
    for (const { kind, target, typeOnly } of files.get(path)!.imports) {
      if (typeOnly) continue;
      if (kind === 'file') reached.add(target);
      else expect(PACKAGES, `${path} imports ${target}`).toContain(target);
    }
  }
  expect(reached.size).toBeGreaterThan(PLAYER.length + 5);
  const ofNode = [...reached].filter((path) => OF_NODE.test(files.get(path)!.code));
  expect(ofNode).toEqual([]);
});
