import type { Picture } from '../picture.ts';

const LEVELS = 4;

/** Four levels per channel, as if cut from coloured paper. */
export function posterise({ width, height, rgb }: Picture): Picture {
  const step = 255 / (LEVELS - 1);
  const level = Uint8Array.from({ length: 256 }, (_, value) => Math.round(Math.round(value / step) * step));
  return { width, height, rgb: rgb.map((value) => level[value]!) };
}
