import { luma, type Picture } from '../picture.ts';

const CELL = 6;
const ANGLE = Math.PI / 4;
const PAPER = [246, 240, 226] as const;
const INK = [24, 26, 38] as const;

/** Newspaper dots: a screen at 45 degrees whose dots grow where the picture is dark. */
export function halftone({ width, height, rgb }: Picture): Picture {
  const out = new Uint8Array(rgb.length);
  const cos = Math.cos(ANGLE);
  const sin = Math.sin(ANGLE);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const u = (x * cos + y * sin) / CELL;
      const v = (y * cos - x * sin) / CELL;
      const cu = Math.floor(u) + 0.5;
      const cv = Math.floor(v) + 0.5;
      const cx = clamp(Math.round((cu * cos - cv * sin) * CELL), width);
      const cy = clamp(Math.round((cu * sin + cv * cos) * CELL), height);
      const darkness = 1 - luma(rgb, (cy * width + cx) * 3) / 255;
      const radius = Math.sqrt(darkness) * 0.74;
      const cover = Math.min(Math.max((radius - Math.hypot(u - cu, v - cv)) * CELL + 0.5, 0), 1);
      for (let channel = 0; channel < 3; channel++) {
        out[at + channel] = PAPER[channel]! + (INK[channel]! - PAPER[channel]!) * cover;
      }
    }
  }
  return { width, height, rgb: out };
}

function clamp(value: number, size: number): number {
  return Math.min(Math.max(value, 0), size - 1);
}
