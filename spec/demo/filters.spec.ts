import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FILTER_NAMES, FILTERS } from '../../src/demo/filters/filter.ts';
import { isPicture, type Picture } from '../../src/demo/picture.ts';
import { encodePng } from '../../src/demo/png.ts';

/** A picture with a gradient and a hard edge, of odd size so that cells and blocks do not divide it. */
function picture(width = 37, height = 23): Picture {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgb.set([x * 6, y * 10, x > y ? 220 : 30], (y * width + x) * 3);
  }
  return { width, height, rgb };
}

describe.each(FILTER_NAMES)('the filter %s', (name) => {
  it('changes the picture, keeps its size and leaves the original alone', () => {
    const original = picture();
    const before = original.rgb.slice();
    const filtered = FILTERS[name](original);
    expect(isPicture(filtered)).toBe(true);
    expect([filtered.width, filtered.height]).toEqual([original.width, original.height]);
    expect(filtered.rgb).not.toEqual(before);
    expect(original.rgb).toEqual(before);
  });

  it('takes a picture of one pixel', () => {
    expect(isPicture(FILTERS[name](picture(1, 1)))).toBe(true);
  });
});

describe('the PNG encoder', () => {
  it('writes rows that give the pixels back when the Paeth filter is undone', () => {
    const original = picture();
    const png = encodePng(original);
    const length = png.readUInt32BE(33);
    expect(png.toString('latin1', 37, 41)).toBe('IDAT');
    expect(unfilter(inflateSync(png.subarray(41, 41 + length)), original.width)).toEqual(original.rgb);
  });
});

describe('a picture', () => {
  it.each([
    ['too few bytes', { width: 2, height: 2, rgb: new Uint8Array(11) }],
    ['an edge of nothing', { width: 0, height: 2, rgb: new Uint8Array(0) }],
    ['an edge that is too long', { width: 481, height: 1, rgb: new Uint8Array(481 * 3) }],
    ['half a pixel', { width: 1.5, height: 2, rgb: new Uint8Array(9) }],
  ])('is refused with %s', (_, bad) => {
    expect(isPicture(bad)).toBe(false);
  });
});

/** PNG specification, 9.2: the inverse of filter type 4, written from the text and not from the encoder. */
function unfilter(rows: Buffer, width: number): Uint8Array {
  const stride = width * 3;
  const out = new Uint8Array((rows.length / (stride + 1)) * stride);
  const at = (y: number, x: number) => (y < 0 || x < 0 ? 0 : out[y * stride + x]!);
  for (let y = 0; y < out.length / stride; y++) {
    expect(rows[y * (stride + 1)]).toBe(4);
    for (let x = 0; x < stride; x++) {
      const [a, b, c] = [at(y, x - 3), at(y - 1, x), at(y - 1, x - 3)];
      const p = a + b - c;
      const nearest = [a, b, c].reduce((best, next) =>
        Math.abs(p - next) < Math.abs(p - best) ? next : best,
      );
      out[y * stride + x] = rows[y * (stride + 1) + 1 + x]! + nearest;
    }
  }
  return out;
}
