import type { Picture } from '../picture.ts';
import { blur } from './blur.ts';
import { duotone } from './duotone.ts';
import { edges } from './edges.ts';
import { halftone } from './halftone.ts';
import { pixelate } from './pixelate.ts';
import { posterise } from './posterise.ts';
import { sepia } from './sepia.ts';

/** The effects of the demo, in the order in which they are applied. */
export const FILTERS = {
  sepia,
  edges,
  duotone,
  halftone,
  blur,
  posterise,
  pixelate,
} as const satisfies Record<string, (picture: Picture) => Picture>;

export type FilterName = keyof typeof FILTERS;

export const FILTER_NAMES = Object.keys(FILTERS) as readonly FilterName[];
