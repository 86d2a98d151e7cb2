/** Rates over six orders of magnitude in one colour: 0 for nothing, 1 for a thousand a second and more. */
export function heat(perSecond: number): number {
  return Math.min(1, Math.log10(1 + perSecond * 10) / 4);
}

/** How full a state is, of all that are counted: the eye is to see one of a thousand as well. */
export function share(count: number, total: number): number {
  return total === 0 || count === 0 ? 0 : 0.12 + 0.88 * Math.sqrt(count / total);
}
