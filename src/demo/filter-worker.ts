import { performance } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';
import { FILTERS, type FilterName } from './filters/filter.ts';
import type { Picture } from './picture.ts';
import { encodePng } from './png.ts';

/** Asks for one filtered print; without a filter, for the picture itself as PNG. */
export interface PrintRequest {
  readonly id: number;
  readonly filter: FilterName | null;
  readonly picture: Picture;
}

/** `png` is a whole PNG file, `milliseconds` the time spent on filter and encoding. */
export interface Print {
  readonly id: number;
  readonly png: Uint8Array;
  readonly milliseconds: number;
}

parentPort?.on('message', ({ id, filter, picture }: PrintRequest) => {
  const start = performance.now();
  const png = encodePng(filter === null ? picture : FILTERS[filter](picture));
  const print: Print = { id, png, milliseconds: performance.now() - start };
  parentPort?.postMessage(print);
});
