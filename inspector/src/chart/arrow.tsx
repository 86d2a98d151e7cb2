import { rate } from '../admin/durations.ts';
import { eventLabel } from './event-label.ts';
import { heat } from './heat.ts';
import type { PlacedArrow } from './lay-out.ts';
import { EVENT_LINE } from './layout-input.ts';

export interface ArrowProps {
  readonly placed: PlacedArrow;
  /** Per second by id of the arrow; null when rates cannot be told. */
  readonly rates: Readonly<Record<string, number>> | null;
  /** Ids of the arrows taken at the frame of the film that is shown. */
  readonly taken: ReadonlySet<string>;
}

/** A line with the names of the events that take it, as hot as they are frequent. */
export function Arrow({ placed: { group, points, label, id }, rates, taken }: ArrowProps) {
  const total = group?.arrows.reduce((sum, { arrow }) => sum + (rates?.[arrow.id] ?? 0), 0) ?? 0;
  const isTaken = group?.arrows.some(({ arrow }) => taken.has(arrow.id)) ?? false;
  const h = heat(total);
  return (
    <g
      class={`arrow${total > 0 ? ' hot' : ''}${isTaken ? ' taken' : ''}${group === null ? ' initial' : ''}`}
      style={{ '--heat': h }}
      data-arrow={id}
    >
      <path d={rounded(points)} marker-end={`url(#head${isTaken ? '-taken' : total > 0 ? '-hot' : ''})`} />
      {label &&
        group?.arrows.map(({ arrow, from }, i) => {
          const perSecond = rates?.[arrow.id] ?? 0;
          return (
            <text
              key={arrow.id}
              class={taken.has(arrow.id) ? 'event taken' : 'event'}
              x={label.x + 4}
              y={label.y + 11 + i * EVENT_LINE}
              style={{ '--heat': heat(perSecond) }}
              data-arrow={arrow.id}
            >
              {from && <tspan class="from">{from} · </tspan>}
              {eventLabel(arrow)}
              {perSecond > 0 && (
                <tspan class="rate" dx={5}>
                  {rate(perSecond)}
                </tspan>
              )}
              {arrow.description && <title>{arrow.description}</title>}
            </text>
          );
        })}
    </g>
  );
}

const RADIUS = 5;

/** The way through these points with round corners. */
export function rounded(points: PlacedArrow['points']): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${first.x},${first.y}`;
  for (const [i, point] of rest.entries()) {
    const before = points[i]!;
    const after = rest[i + 1];
    if (after === undefined) {
      path += `L${point.x},${point.y}`;
      continue;
    }
    const into = towards(point, before);
    const out = towards(point, after);
    path += `L${into.x},${into.y}Q${point.x},${point.y} ${out.x},${out.y}`;
  }
  return path;
}

function towards(from: { x: number; y: number }, to: { x: number; y: number }) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(RADIUS, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
