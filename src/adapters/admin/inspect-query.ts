import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** The parameters of a request by name, each given once at most. Throws `invalid_argument` for those not known. */
export function readQuery<Name extends string>(
  query: URLSearchParams,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [name, value] of query) {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) {
      const shown = JSON.stringify(name.slice(0, 60));
      throw new HoldfastError('invalid_argument', `${shown} is not among ${names.join(', ')}`);
    }
    if (found[known] !== undefined) throw new HoldfastError('invalid_argument', `${name} is given twice`);
    found[known] = value;
  }
  return found;
}
