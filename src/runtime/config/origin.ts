/** Where a value came from: what an error or `config print` names. */
export type Origin =
  | { readonly from: 'flag'; readonly flag: string }
  | { readonly from: 'variable'; readonly variable: string }
  | { readonly from: 'file'; readonly path: string; readonly line: number }
  | { readonly from: 'default' };

export const DEFAULT: Origin = Object.freeze({ from: 'default' });

export function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case 'flag':
      return `flag --${origin.flag}`;
    case 'variable':
      return `variable ${origin.variable}`;
    case 'file':
      return `${origin.path}:${origin.line}`;
    case 'default':
      return 'default';
    default:
      return origin satisfies never;
  }
}
