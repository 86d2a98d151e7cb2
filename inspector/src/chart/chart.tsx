import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { MachineChart } from '../../../src/runtime/ports/census.ts';
import { census } from '../admin/census.ts';
import { go, place } from '../admin/place.ts';
import { NOTHING_LIT, scene } from '../film/scene.ts';
import { Arrow } from './arrow.tsx';
import { stayingArrows } from './arrow-groups.ts';
import { bestLayout } from './elk.ts';
import type { ChartLayout } from './lay-out.ts';
import { type ArrowKey, nearestState } from './nearest-state.ts';
import { StateBox } from './state-box.tsx';
import { isTransient, statesOf } from './state-tree.ts';

const LEAST_SCALE = 0.62;
const NO_TIMERS: ReadonlyMap<string, { left: number; of: number }> = new Map();

/** The statechart of a machine, drawn from its definition. */
export function Chart({ machine }: { readonly machine: MachineChart }) {
  const plate = useRef<HTMLDivElement>(null);
  const layout = useSignal<ChartLayout | null>(null);
  const zoom = useSignal(1);
  const focused = useSignal('');
  const stays = useMemo(() => stayingArrows(machine), [machine]);
  const nodes = useMemo(() => statesOf(machine), [machine]);

  useEffect(() => {
    let isGone = false;
    const { clientWidth, clientHeight } = plate.current!;
    bestLayout(machine, clientWidth, clientHeight).then((found) => {
      if (isGone) return;
      layout.value = found;
      zoom.value = fitting(found, plate.current!);
      requestAnimationFrame(() => plate.current && showMost(found, zoom.value, plate.current));
    });
    return () => {
      isGone = true;
    };
  }, [machine]);

  useEffect(() => {
    const element = plate.current!;
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      by(Math.exp(-event.deltaY / 300));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, []);

  const drawn = layout.value;
  const counts = census.value?.machines[machine.id] ?? null;
  const total = machine.id === 'connection' ? (census.value?.total ?? 0) : rootCount(counts, machine);
  const shown = scene.value.machines.get(machine.id) ?? NOTHING_LIT;
  const first = nodes[0]?.path ?? '';
  const tabStop = focused.value || place.value.state || first;

  function by(factor: number): void {
    zoom.value = Math.min(2.5, Math.max(0.25, zoom.value * factor));
  }

  function fit(): void {
    if (drawn === null) return;
    const { clientWidth, clientHeight } = plate.current!;
    const scale = Math.min((clientWidth - 24) / (drawn.width + 4), (clientHeight - 28) / (drawn.height + 4));
    zoom.value = Math.max(0.25, Math.min(1, scale));
  }

  function move(event: KeyboardEvent): void {
    if (drawn === null || !event.key.startsWith('Arrow')) return;
    const from = (event.target as Element).getAttribute('data-path');
    if (from === null) return;
    event.preventDefault();
    const next = nearestState(drawn.boxes, from, event.key as ArrowKey);
    if (next === null) return;
    focused.value = next;
    plate.current!.querySelector<SVGGElement>(`[data-path="${next}"]`)?.focus();
  }

  return (
    <div class="chart">
      <div class="plate" ref={plate} onPointerDown={drag}>
        {drawn === null ? (
          <p class="note" role="status">
            Laying out the {machine.id} machine…
          </p>
        ) : (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be SVG.
          <svg
            class={scene.value.isShown ? 'machine playing' : 'machine'}
            viewBox={`-2 -2 ${drawn.width + 4} ${drawn.height + 4}`}
            width={(drawn.width + 4) * zoom.value}
            height={(drawn.height + 4) * zoom.value}
            aria-label={`State machine of a ${machine.id}`}
            role="group"
            onKeyDown={move}
          >
            <Heads />
            {[...nodes].map((node) => {
              const box = drawn.boxes.get(node.path)!;
              const isRegion = nodes.some(({ type, states }) => type === 'parallel' && states.includes(node));
              const kind = isTransient(machine, node.path)
                ? 'transient'
                : isRegion
                  ? 'region'
                  : node.states.length > 0
                    ? 'outer'
                    : 'leaf';
              return (
                <StateBox
                  key={node.path}
                  node={node}
                  box={box}
                  kind={kind}
                  depth={node.path.split('.').length}
                  census={counts}
                  total={total}
                  stays={stays.get(node.path) ?? []}
                  isSelected={place.value.state === node.path}
                  isLit={scene.value.isShown ? shown.lit.has(node.path) : null}
                  timers={shown.timers.get(node.path) ?? NO_TIMERS}
                  tabIndex={tabStop === node.path ? 0 : -1}
                  onSelect={() => go({ state: node.path, connection: '' })}
                  onFocus={() => {
                    focused.value = node.path;
                  }}
                />
              );
            })}
            {[...drawn.boxes].map(
              ([id, { x, y, width }]) =>
                id.endsWith('>initial') && (
                  <circle key={id} class="dot" cx={x + width / 2} cy={y + width / 2} r={width / 2} />
                ),
            )}
            {drawn.arrows.map((arrow) => (
              <Arrow key={arrow.id} placed={arrow} rates={counts?.arrows ?? null} taken={shown.taken} />
            ))}
          </svg>
        )}
      </div>
      <div class="zoom">
        <button type="button" onClick={() => by(1 / 1.25)} aria-label="Smaller">
          −
        </button>
        <button type="button" onClick={fit}>
          Fit
        </button>
        <button type="button" onClick={() => by(1.25)} aria-label="Larger">
          +
        </button>
      </div>
    </div>
  );
}

/** As wide as there is room, but never so small that nobody could read it. */
function fitting(layout: ChartLayout, plate: HTMLElement): number {
  return Math.max(LEAST_SCALE, Math.min(1, (plate.clientWidth - 24) / (layout.width + 4)));
}

/** Where not all of it has room, the largest state is in view: on a phone the corner would be empty. */
function showMost({ width, boxes }: ChartLayout, zoom: number, plate: HTMLElement): void {
  if (width * zoom <= plate.clientWidth) return;
  const [largest] = [...boxes.values()].toSorted((a, b) => b.width * b.height - a.width * a.height);
  if (largest !== undefined) plate.scrollTo(largest.x * zoom, largest.y * zoom);
}

function rootCount(
  counts: { readonly states: Readonly<Record<string, { readonly count: number }>> } | null,
  machine: MachineChart,
): number {
  return machine.root.states.reduce((sum, { path }) => sum + (counts?.states[path]?.count ?? 0), 0);
}

/** The mouse takes the chart by the paper; fingers scroll it as they scroll everything. */
function drag(event: PointerEvent): void {
  if (event.pointerType !== 'mouse' || event.button !== 0) return;
  if ((event.target as Element).closest('.leaf, .transient')) return;
  const plate = event.currentTarget as HTMLElement;
  const { scrollLeft, scrollTop } = plate;
  const move = ({ clientX, clientY }: PointerEvent): void => {
    plate.scrollTo(scrollLeft - (clientX - event.clientX), scrollTop - (clientY - event.clientY));
  };
  const up = (): void => {
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', up);
  };
  addEventListener('pointermove', move);
  addEventListener('pointerup', up);
}

function Heads() {
  return (
    <defs>
      {['', '-hot', '-taken'].map((kind) => (
        <marker
          key={kind}
          id={`head${kind}`}
          class={`head${kind}`}
          viewBox="0 0 8 8"
          refX={7}
          refY={4}
          markerWidth={8}
          markerHeight={8}
          orient="auto"
          markerUnits="userSpaceOnUse"
        >
          <path d="M0.5,1L7.5,4L0.5,7Z" />
        </marker>
      ))}
    </defs>
  );
}
