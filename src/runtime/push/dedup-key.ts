import { fieldPath, invalidArgument } from './invalid-argument.ts';

const MAX_LENGTH = 256;

export function checkDedupKey(key: string, path: string): string {
  if (key.length <= MAX_LENGTH) return key;
  throw invalidArgument(fieldPath(path, 'dedupKey'), `must have at most ${MAX_LENGTH} characters`);
}
