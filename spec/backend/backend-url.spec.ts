import { describe, expect, it } from 'vitest';
import { parseBackendUrl } from '../../src/adapters/connect/backend-url.ts';

describe('backend.url', () => {
  it.each([
    ['http://api:3000', 'connect-json', 'http://api:3000'],
    ['https://api.example.com/hooks/', 'connect-json', 'https://api.example.com/hooks'],
    ['http+proto://api:3000/a/b', 'connect-proto', 'http://api:3000/a/b'],
    ['https+proto://api', 'connect-proto', 'https://api'],
    ['grpc://api:50051', 'grpc', 'http://api:50051'],
    ['grpcs://[::1]:50051', 'grpc', 'https://[::1]:50051'],
  ])('%s speaks %s at %s', (text, protocol, baseUrl) => {
    expect(parseBackendUrl(text)).toEqual({ protocol, baseUrl });
  });

  it.each([
    'api:3000',
    'ftp://api',
    'http://',
    'http://a?b=c',
    'http://a#b',
    'http://u:p@a',
    '',
    'toString://a',
  ])('refuses %j and says what would be right', (text) => {
    expect(() => parseBackendUrl(text)).toThrow(/^backend\.url: .* must be http:\/\/, https:\/\//);
  });
});
