import type { Picture } from '../picture.ts';

const RADIUS = 5;
const PASSES = 3;

/** Three box blurs in a row, which is as good as a Gaussian and costs the same at any radius. */
export function blur({ width, height, rgb }: Picture): Picture {
  let from = rgb;
  for (let pass = 0; pass < PASSES; pass++) {
    from = sweep(from, height, width, width * 3, 3);
    from = sweep(from, width, height, 3, width * 3);
  }
  return { width, height, rgb: from };
}

/** One running mean along every line: `lines` lines of `length` pixels, `step` bytes from pixel to pixel. */
function sweep(rgb: Uint8Array, lines: number, length: number, nextLine: number, step: number): Uint8Array {
  const out = new Uint8Array(rgb.length);
  const window = RADIUS * 2 + 1;
  for (let line = 0; line < lines; line++) {
    for (let channel = 0; channel < 3; channel++) {
      const start = line * nextLine + channel;
      const pixel = (i: number) => rgb[start + Math.min(Math.max(i, 0), length - 1) * step]!;
      let sum = 0;
      for (let i = -RADIUS; i <= RADIUS; i++) sum += pixel(i);
      for (let i = 0; i < length; i++) {
        out[start + i * step] = Math.round(sum / window);
        sum += pixel(i + RADIUS + 1) - pixel(i - RADIUS);
      }
    }
  }
  return out;
}
