import { HoldfastError } from '../errors/holdfast-error.ts';

/** `field` is the path in the request as JSON writes it, such as `items[2].emit.to.users`. */
export function invalidArgument(field: string, problem: string): HoldfastError {
  return new HoldfastError('invalid_argument', `${field}: ${problem}`);
}

/** Path of `field` inside `parent`; `parent` is empty for the request itself. */
export function fieldPath(parent: string, field: string): string {
  return parent === '' ? field : `${parent}.${field}`;
}
