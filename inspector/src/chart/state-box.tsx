import type { ArrowChart, MachineCensus, StateChart } from '../../../src/runtime/ports/census.ts';
import { duration, number, rate } from '../admin/durations.ts';
import { eventLabel } from './event-label.ts';
import { heat, share } from './heat.ts';
import type { Box } from './lay-out.ts';
import { EVENT_LINE } from './layout-input.ts';

export interface StateBoxProps {
  readonly node: StateChart;
  readonly box: Box;
  readonly kind: 'leaf' | 'outer' | 'region' | 'transient';
  readonly depth: number;
  readonly census: MachineCensus | null;
  readonly total: number;
  readonly stays: readonly ArrowChart[];
  readonly isSelected: boolean;
  /** In a film: whether it is active at the frame shown; null when no film is shown. */
  readonly isLit: boolean | null;
  /** Ms left of its timers at the frame shown, by delay. */
  readonly timers: ReadonlyMap<string, { readonly left: number; readonly of: number }>;
  readonly tabIndex: number;
  readonly onSelect: () => void;
  readonly onFocus: () => void;
}

/** A state with its name, its count, how long those in it have been there, its delays and what it does by staying. */
export function StateBox(props: StateBoxProps) {
  const { node, box, kind, depth, census, total, isSelected, isLit, tabIndex, onSelect, onFocus } = props;
  const counted = census?.states[node.path];
  const count = counted?.count ?? 0;
  const classes = [
    'state',
    kind,
    node.type === 'final' && 'final',
    count > 0 && 'inhabited',
    isSelected && 'selected',
  ];
  if (isLit !== null) classes.push(isLit ? 'lit' : 'unlit');
  const full = kind === 'leaf' ? share(count, total) : 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button.
    <g
      class={classes.filter(Boolean).join(' ')}
      role="button"
      aria-label={spoken(node, counted)}
      aria-pressed={isSelected}
      tabIndex={tabIndex}
      data-path={node.path}
      style={{ '--full': full, '--depth': depth }}
      transform={`translate(${box.x} ${box.y})`}
      onClick={onSelect}
      onFocus={onFocus}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onSelect();
      }}
    >
      <rect
        class="box"
        width={box.width}
        height={box.height}
        rx={kind === 'region' ? 0 : kind === 'leaf' ? 5 : 7}
      />
      {node.type === 'final' && (
        <rect class="inner" x={3} y={3} width={box.width - 6} height={box.height - 6} rx={3} />
      )}
      {kind === 'transient' ? (
        <text class="small" x={box.width / 2} y={14} text-anchor="middle">
          {node.key}
        </text>
      ) : (
        <Face {...props} count={count} />
      )}
      {node.description && <title>{node.description}</title>}
    </g>
  );
}

function Face({ node, box, kind, census, stays, timers, count }: StateBoxProps & { readonly count: number }) {
  const counted = census?.states[node.path];
  const x = 10;
  const limits = node.limit ?? [];
  let y = kind === 'leaf' ? 51 : kind === 'region' ? 34 : 40;
  const times = counted && count > 0 ? `${duration(counted.p50)} · ${duration(counted.p99)}` : '';
  return (
    <>
      <text class={kind === 'region' ? 'region-name' : 'name'} x={x} y={18}>
        {node.key}
      </text>
      <text class="count" x={box.width - x} y={18} text-anchor="end">
        {census === null ? '' : number(count)}
      </text>
      {kind === 'leaf' ? (
        <text class="times" x={x} y={34}>
          {times}
        </text>
      ) : (
        <text class="times" x={box.width - x} y={31} text-anchor="end">
          {times}
        </text>
      )}
      {limits.map(({ delay, ms }) => {
        const timer = timers.get(delay);
        const at = y;
        y += EVENT_LINE;
        return (
          <g key={delay} class={timer ? 'limit armed' : 'limit'}>
            <text class="small" x={x} y={at}>
              {delay}
              <tspan class="figure" dx={6}>
                {timer ? duration(timer.left) : ms == null ? '' : duration(ms)}
              </tspan>
            </text>
            {timer && (
              <>
                <line class="track" x1={x} x2={box.width - x} y1={at + 3} y2={at + 3} />
                <line
                  class="left"
                  x1={x}
                  x2={x + (box.width - 2 * x) * (timer.of > 0 ? Math.min(1, timer.left / timer.of) : 0)}
                  y1={at + 3}
                  y2={at + 3}
                />
              </>
            )}
          </g>
        );
      })}
      {stays.map((arrow) => {
        const perSecond = census?.arrows?.[arrow.id] ?? 0;
        const at = y;
        y += EVENT_LINE;
        return (
          <text
            key={arrow.id}
            class="stay"
            x={x}
            y={at}
            style={{ '--heat': heat(perSecond) }}
            data-arrow={arrow.id}
          >
            ↻ {eventLabel(arrow)}
            {perSecond > 0 && (
              <tspan class="rate" dx={5}>
                {rate(perSecond)}
              </tspan>
            )}
          </text>
        );
      })}
    </>
  );
}

function spoken(node: StateChart, counted: { count: number; p50: number; p99: number } | undefined): string {
  if (counted === undefined || counted.count === 0) return `${node.path}: none`;
  return `${node.path}: ${counted.count}, half of them for less than ${duration(counted.p50)}, one in a hundred for more than ${duration(counted.p99)}`;
}
