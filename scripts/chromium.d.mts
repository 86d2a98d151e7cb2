/** Path of an executable. `CHROMIUM` in the environment wins. Throws with what to do when there is none. */
export function chromium(): string;
export const CHROMIUM_ARGS: readonly string[];
