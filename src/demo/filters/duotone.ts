import { luma, type Picture } from '../picture.ts';

const SHADOW = [20, 24, 82] as const;
const LIGHT = [255, 196, 110] as const;

/** Two inks: deep blue for the shadows, warm yellow for the light. */
export function duotone({ width, height, rgb }: Picture): Picture {
  const out = new Uint8Array(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const t = luma(rgb, at) / 255;
    const light = t * t * (3 - 2 * t);
    for (let channel = 0; channel < 3; channel++) {
      out[at + channel] = SHADOW[channel]! + (LIGHT[channel]! - SHADOW[channel]!) * light;
    }
  }
  return { width, height, rgb: out };
}
