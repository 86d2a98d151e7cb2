import type { Picture } from '../picture.ts';

/** The brown of old prints. */
export function sepia({ width, height, rgb }: Picture): Picture {
  const out = new Uint8ClampedArray(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const r = rgb[at]!;
    const g = rgb[at + 1]!;
    const b = rgb[at + 2]!;
    out[at] = 0.393 * r + 0.769 * g + 0.189 * b;
    out[at + 1] = 0.349 * r + 0.686 * g + 0.168 * b;
    out[at + 2] = 0.272 * r + 0.534 * g + 0.131 * b;
  }
  return { width, height, rgb: new Uint8Array(out.buffer) };
}
