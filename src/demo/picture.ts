/** A decoded picture: `rgb` holds width × height pixels of three bytes, row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** The longest edge that the job takes. Raw pixels of this size still fit one polling request as base64. */
export const LONGEST_EDGE = 480;

export function isPicture(picture: Picture): boolean {
  const { width, height, rgb } = picture;
  return (
    Number.isInteger(width) &&
    Number.isInteger(height) &&
    width > 0 &&
    height > 0 &&
    width <= LONGEST_EDGE &&
    height <= LONGEST_EDGE &&
    rgb.length === width * height * 3
  );
}

/** Perceived brightness of one pixel, 0–255 (ITU-R BT.601). */
export function luma(rgb: Uint8Array, at: number): number {
  return rgb[at]! * 0.299 + rgb[at + 1]! * 0.587 + rgb[at + 2]! * 0.114;
}
