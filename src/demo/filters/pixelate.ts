import type { Picture } from '../picture.ts';

const BLOCK = 12;

/** Blocks of one colour each, the mean of what they cover. */
export function pixelate({ width, height, rgb }: Picture): Picture {
  const out = new Uint8Array(rgb.length);
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const bottom = Math.min(top + BLOCK, height);
      const right = Math.min(left + BLOCK, width);
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) sum += rgb[(y * width + x) * 3 + channel]!;
        }
        const mean = Math.round(sum / ((bottom - top) * (right - left)));
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) out[(y * width + x) * 3 + channel] = mean;
        }
      }
    }
  }
  return { width, height, rgb: out };
}
