import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonScanner, skipWhiteSpace } from '../../src/runtime/codec/json-scan.ts';
import { ParseError } from '../../src/runtime/codec/parse-error.ts';
import { wellFormedText } from './packets.ts';

const scanner = new JsonScanner();

function isJson(text: string): boolean {
  const bytes = Buffer.from(text);
  const after = scanner.value(bytes, 0, bytes.length);
  return after >= 0 && skipWhiteSpace(bytes, after, bytes.length) === bytes.length;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON text with one place changed, so that most of it is still right. */
const mutatedJson = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom(...'[]{},:"\\0123456789.eE+-tfn/ \t\n\u0001\u007f\u00e9'),
    fc.constantFrom('insert', 'replace', 'remove', 'cut'),
  )
  .map(([json, at, character, how]) => {
    const i = at % (json.length + 1);
    if (how === 'insert') return json.slice(0, i) + character + json.slice(i);
    if (how === 'replace') return json.slice(0, i) + character + json.slice(i + 1);
    if (how === 'remove') return json.slice(0, i) + json.slice(i + 1);
    return json.slice(0, i);
  });

describe('JSON scan', () => {
  it('accepts what JSON.parse accepts: generated values, pretty-printed or not', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        expect(isJson(JSON.stringify(value, null, indent))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees with JSON.parse on JSON changed in one place', () => {
    fc.assert(
      fc.property(mutatedJson, (text) => {
        expect(isJson(text)).toBe(parses(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees with JSON.parse on any text', () => {
    fc.assert(
      fc.property(wellFormedText, (text) => {
        expect(isJson(text)).toBe(parses(text));
      }),
      { numRuns: 500 },
    );
  });

  it('agrees with JSON.parse on random sequences of JSON tokens', () => {
    const token = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"a"',
      '1',
      '-0.5e+3',
      'true',
      'null',
      ' ',
      '01',
      '"\\u00e',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), (tokens) => {
        const text = tokens.join('');
        expect(isJson(text)).toBe(parses(text));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['an empty text', ''],
    ['white space only', ' \n'],
    ['a number with a leading zero', '01'],
    ['a number with a plus sign', '+1'],
    ['a number that ends in a dot', '1.'],
    ['a number without digits before the dot', '.5'],
    ['an exponent without digits', '1e'],
    ['a lone minus', '-'],
    ['a hexadecimal number', '0x1'],
    ['a trailing comma in an array', '[1,]'],
    ['a trailing comma in an object', '{"a":1,}'],
    ['a key without quotes', '{a:1}'],
    ['a key without a value', '{"a"}'],
    ['single quotes', "['a']"],
    ['a raw newline in a string', '"a\nb"'],
    ['an unknown escape', '"\\x41"'],
    ['a short unicode escape', '"\\u12"'],
    ['an unterminated string', '"abc'],
    ['a string that ends in a backslash', '"abc\\'],
    ['NaN', 'NaN'],
    ['a truncated literal', 'tru'],
    ['a literal in capitals', 'True'],
    ['brackets that do not match', '[}'],
    ['an array that does not end', '[1'],
    ['a byte order mark', '\ufeff[]'],
    ['a no-break space as white space', '[\u00a0]'],
  ])('refuses %s', (_, text) => {
    expect(parses(text)).toBe(false);
    expect(isJson(text)).toBe(false);
  });

  it('does not read beyond its end when the buffer goes on', () => {
    const bytes = Buffer.from('[true]');
    for (let end = 0; end < bytes.length; end++)
      expect(scanner.value(bytes, 0, end)).toBe(-ParseError.ILLEGAL_JSON);
    expect(scanner.value(Buffer.from('"\\u0041"'), 0, 6)).toBe(-ParseError.ILLEGAL_JSON);
    expect(scanner.value(Buffer.from('12'), 0, 1)).toBe(1);
  });

  it('returns the offset behind the value and leaves what follows alone', () => {
    const bytes = Buffer.from('xx {"a":[1]} yy');
    expect(scanner.value(bytes, 2, bytes.length)).toBe(12);
  });

  it('accepts nesting up to the depth cap and refuses one level more', () => {
    const shallow = new JsonScanner(4);
    const nested = (depth: number): number => {
      const bytes = Buffer.from('['.repeat(depth) + ']'.repeat(depth));
      return shallow.value(bytes, 0, bytes.length);
    };
    expect(nested(4)).toBe(8);
    expect(nested(5)).toBe(-ParseError.NESTED_TOO_DEEP);
  });

  it('counts siblings of any number as one level', () => {
    const bytes = Buffer.from(`[${'[],'.repeat(1000)}{}]`);
    expect(new JsonScanner(2).value(bytes, 0, bytes.length)).toBe(bytes.length);
  });

  it('refuses an array nested 200,000 deep without recursion', () => {
    const bytes = Buffer.from('['.repeat(200_000) + ']'.repeat(200_000));
    expect(scanner.value(bytes, 0, bytes.length)).toBe(-ParseError.NESTED_TOO_DEEP);
  });

  it('tells whether the text was ASCII', () => {
    const own = new JsonScanner();
    const ascii = Buffer.from('["plain \\u00e9"]');
    own.value(ascii, 0, ascii.length);
    expect(own.ascii).toBe(true);
    const umlaut = Buffer.from('["caf\u00e9"]');
    own.value(umlaut, 0, umlaut.length);
    expect(own.ascii).toBe(false);
  });
});
