import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeJsonpBody, encodeJsonpResponse, isJsonpIndex } from '../../src/runtime/codec/jsonp.ts';

/** What the JSONP transport of engine.io-client 3 puts into its form, and a browser then sends. */
function formBody(payload: string): Buffer {
  const field = payload.replace(/\\n/g, '\\\n').replace(/\n/g, '\\n');
  return Buffer.from(new URLSearchParams({ d: field }).toString());
}

describe('JSONP', () => {
  it('takes the payload out of field d', () => {
    expect(decodeJsonpBody(Buffer.from('d=6%3A4hello'))?.toString()).toBe('6:4hello');
  });

  it('restores newlines and backslashes that clients escape against rewritten line ends', () => {
    expect(decodeJsonpBody(formBody('4a\nb'))?.toString()).toBe('4a\nb');
    expect(decodeJsonpBody(formBody('42["a\\nb"]'))?.toString()).toBe('42["a\\nb"]');
  });

  it('gives back any event text a client sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const packet = `42${JSON.stringify([text.replaceAll('\\', '')])}`;
        expect(decodeJsonpBody(formBody(packet))?.toString()).toBe(packet);
      }),
    );
  });

  it('refuses a body without field d', () => {
    expect(decodeJsonpBody(Buffer.from('e=1'))).toBeNull();
    expect(decodeJsonpBody(Buffer.from(''))).toBeNull();
  });

  it('answers with a call of the indexed callback', () => {
    expect(encodeJsonpResponse('0', '1:6')).toBe('___eio[0]("1:6");');
  });

  it('escapes U+2028 and U+2029, quotes and newlines in the response', () => {
    const response = encodeJsonpResponse('7', '4"\u2028\u2029\n');
    expect(response).toBe('___eio[7]("4\\"\\u2028\\u2029\\n");');
  });

  it('takes only digits as callback index', () => {
    expect(isJsonpIndex('12')).toBe(true);
    for (const j of ['', '-1', '1e1', '0x1', ' 1', '1\n', '0](alert)(', '١', '9'.repeat(400)]) {
      expect(isJsonpIndex(j), j).toBe(false);
      expect(() => encodeJsonpResponse(j, '')).toThrow(RangeError);
    }
  });

  it('writes script that evaluates to the payload', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (payload) => {
        const out: string[] = [];
        new Function('___eio', encodeJsonpResponse('0', payload))([(text: string) => out.push(text)]);
        expect(out).toEqual([payload]);
      }),
    );
  });
});
