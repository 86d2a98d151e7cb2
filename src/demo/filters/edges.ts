import { luma, type Picture } from '../picture.ts';

/** Sobel's operator on brightness, drawn dark on light like a pencil. */
export function edges({ width, height, rgb }: Picture): Picture {
  const grey = new Float32Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = luma(rgb, i * 3);

  const out = new Uint8ClampedArray(rgb.length);
  for (let y = 0; y < height; y++) {
    const above = Math.max(y - 1, 0) * width;
    const here = y * width;
    const below = Math.min(y + 1, height - 1) * width;
    for (let x = 0; x < width; x++) {
      const left = Math.max(x - 1, 0);
      const right = Math.min(x + 1, width - 1);
      const a = grey[above + left]!;
      const c = grey[above + right]!;
      const g = grey[below + left]!;
      const i = grey[below + right]!;
      const gx = c - a + 2 * (grey[here + right]! - grey[here + left]!) + i - g;
      const gy = g - a + 2 * (grey[below + x]! - grey[above + x]!) + i - c;
      const ink = Math.hypot(gx, gy) * 1.3;
      const at = (here + x) * 3;
      out[at] = 248 - ink;
      out[at + 1] = 245 - ink;
      out[at + 2] = 238 - ink;
    }
  }
  return { width, height, rgb: new Uint8Array(out.buffer) };
}
