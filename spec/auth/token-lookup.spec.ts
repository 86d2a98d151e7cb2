import { describe, expect, it } from 'vitest';
import { findToken } from '../../src/runtime/auth/token-lookup.ts';

const BEARER = { authorization: 'Bearer from-header' };
const QUERY = { token: 'from-query' };

describe('the token of a client', () => {
  it('is `token` of the CONNECT payload before all', () => {
    expect(findToken('{"a":1,"token":"from-payload"}', BEARER, QUERY)).toBe('from-payload');
  });

  it('is the bearer token when the payload has none', () => {
    for (const auth of [
      null,
      '{}',
      '{"token":""}',
      '{"token":7}',
      '{"token":null}',
      '{"nested":{"token":"x"}}',
    ]) {
      expect(findToken(auth, BEARER, QUERY)).toBe('from-header');
    }
  });

  it('is the query parameter when neither has one', () => {
    for (const headers of [
      {},
      { authorization: 'Basic dTpw' },
      { authorization: 'Bearer' },
      { authorization: '' },
    ]) {
      expect(findToken('{}', headers as Record<string, string>, QUERY)).toBe('from-query');
    }
  });

  it('is empty when nobody gave one', () => {
    expect(findToken(null, {}, {})).toBe('');
  });

  it('may stand behind a scheme in any case', () => {
    expect(findToken(null, { authorization: 'bEARER   abc.def ' }, {})).toBe('abc.def');
    expect(findToken(null, { authorization: 'Bearer a b' }, {})).toBe('');
    expect(findToken(null, { authorization: 'BearerX abc' }, {})).toBe('');
  });

  it.each(['{"token"', '["token"]', '"token"', '"token":1', '{"__proto__":{"token":"x"}}', 'null'])(
    'is not found in a payload that is no object with a token: %s',
    (auth) => {
      expect(findToken(auth, {}, {})).toBe('');
    },
  );

  it('is not found on the prototype of what a client sent', () => {
    const inherited = Object.create({ token: 'x', authorization: 'Bearer x' }) as Record<string, string>;
    expect(findToken(null, inherited, inherited)).toBe('');
  });
});
