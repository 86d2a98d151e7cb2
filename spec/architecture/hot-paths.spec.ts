import { expect, it } from 'vitest';
import { sourceFiles } from './source-tree.ts';

/** Files that make objects for each message. */
const HOT = [
  /^src\/runtime\/(?:wire|codec|connection|trace)\//,
  /^src\/runtime\/backend\/(?:lanes?|record-json)\.ts$/,
  /^src\/adapters\/connect\/(?:json-backend-client|json-exchange|call-headers)\.ts$/,
  /^src\/runtime\/socket\/(?:upstream|upstream-records|sockets)\.ts$/,
  /^src\/adapters\/kafka\/(?:kafka-writer|produce-request|batch-decoding|record-(?:de|en)coding|message-headers)\.ts$/,
];
/** Made once in a process. */
const AT_START = ['new Polling({ ...parts, touch: (connection) => this.touch(connection) })'];
/** `{ ...one, more`: the engine keeps what is made so alive for long; CONTRIBUTING.md says more. */
const SPREAD_FIRST = /\{\s*\.\.\.[^,{}]+,\s*(?!\.\.\.|\})/;

it('no object made for each message is spread into one with more properties behind it', () => {
  const hot = sourceFiles().filter(({ path }) => HOT.some((one) => one.test(path)));
  expect(hot.length).toBeGreaterThan(20);
  const found = hot.filter(({ code }) =>
    SPREAD_FIRST.test(AT_START.reduce((text, one) => text.replace(one, ''), code)),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});
