import { useState } from 'preact/hooks';
import type { MachineCensus, MachineChart, StateChart } from '../../../src/runtime/ports/census.ts';
import { duration, number, rate } from '../admin/durations.ts';
import { eventLabel } from '../chart/event-label.ts';
import { ConnectionList } from './connection-list.tsx';

export interface StatePanelProps {
  readonly machine: MachineChart;
  readonly node: StateChart;
  readonly census: MachineCensus | null;
}

/** One state: what it means, who is in it, and what leads out of it. */
export function StatePanel({ machine, node, census }: StatePanelProps) {
  const [showsArrows, setShowsArrows] = useState(false);
  const counted = census?.states[node.path];
  const arrows = machine.arrows.filter(({ source }) => source === node.path);
  return (
    <>
      <h2>{node.path}</h2>
      {node.description && <p class="description">{node.description}</p>}
      <dl class="figures">
        <Figure name="now" value={number(counted?.count ?? 0)} />
        <Figure name="p50" value={counted ? duration(counted.p50) : '–'} />
        <Figure name="p99" value={counted ? duration(counted.p99) : '–'} />
        {(node.limit ?? []).map(({ delay, ms }) => (
          <Figure key={delay} name={delay} value={ms == null ? 'varies' : duration(ms)} />
        ))}
      </dl>
      {(node.entry.length > 0 || node.exit.length > 0) && (
        <p class="facts">
          {node.entry.length > 0 && <>on entry {node.entry.join(', ')}</>}
          {node.entry.length > 0 && node.exit.length > 0 && ' · '}
          {node.exit.length > 0 && <>on leaving {node.exit.join(', ')}</>}
        </p>
      )}
      {arrows.length > 0 && (
        <details open={showsArrows} onToggle={({ currentTarget }) => setShowsArrows(currentTarget.open)}>
          <summary>
            {arrows.length} {arrows.length === 1 ? 'arrow leads' : 'arrows lead'} on
          </summary>
          <table class="arrows">
            <tbody>
              {arrows.map((arrow) => (
                <tr key={arrow.id}>
                  <th scope="row">{eventLabel(arrow)}</th>
                  <td>{arrow.targets[0] ?? 'stays'}</td>
                  <td class="number">{census?.arrows?.[arrow.id] ? rate(census.arrows[arrow.id]!) : ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
      {machine.id === 'node' ? (
        <p class="note">The node's own machine: there is one of it.</p>
      ) : (
        <ConnectionList machine={machine.id} state={node.path} />
      )}
    </>
  );
}

export function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
