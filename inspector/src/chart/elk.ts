import ELK from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { MachineChart } from '../../../src/runtime/ports/census.ts';
import { type ChartLayout, type LayoutChoice, layOut } from './lay-out.ts';
import type { ChartFont, Measure } from './layout-input.ts';

/** elkjs works in a worker: laying out takes longer than a frame. */
const elk = new ELK({ workerFactory: () => new Worker(workerUrl) });

/** One below the other and the parts side by side: what fits best is taken. */
const CHOICES: readonly LayoutChoice[] = [
  { outer: 'DOWN', inner: 'RIGHT' },
  { outer: 'RIGHT', inner: 'RIGHT' },
];

/** Lays a machine out so that it fills `width` × `height` pixels with the largest letters. */
export async function bestLayout(machine: MachineChart, width: number, height: number): Promise<ChartLayout> {
  const measure = measuring();
  const layouts = await Promise.all(CHOICES.map((choice) => layOut(elk, machine, choice, measure)));
  // Too high is scrolled, too wide is not: width counts for more.
  const fullness = (layout: ChartLayout): number =>
    Math.min(1, width / layout.width) * Math.min(1, (2 * height) / layout.height);
  return layouts.toSorted((a, b) => fullness(b) - fullness(a))[0]!;
}

function measuring(): Measure {
  const context = document.createElement('canvas').getContext('2d')!;
  const style = getComputedStyle(document.documentElement);
  const fonts: Record<ChartFont, string> = {
    state: `600 13px ${style.getPropertyValue('--text')}`,
    small: `11px ${style.getPropertyValue('--text')}`,
    event: `10.5px ${style.getPropertyValue('--text')}`,
  };
  return (text, font) => {
    context.font = fonts[font];
    return context.measureText(text).width;
  };
}
