import { useState } from 'preact/hooks';
import type { FoundConnection } from '../../../src/runtime/ports/inspector.ts';
import { serverNow } from '../admin/census.ts';
import { duration } from '../admin/durations.ts';
import { nodes } from '../admin/nodes.ts';
import { filter, go } from '../admin/place.ts';
import { usePolled } from './polled.ts';

const MOST = 100;

export interface ConnectionListProps {
  readonly machine: 'connection' | 'socket';
  /** Path; empty for any. */
  readonly state: string;
}

interface Found {
  /** With the node, when all were asked. */
  readonly connections: readonly (FoundConnection & { readonly node?: number })[];
  readonly unreachable?: readonly number[];
}

/** Connections in a state, those first that have been in it for longest. */
export function ConnectionList({ machine, state }: ConnectionListProps) {
  const [sought, seek] = useState('');
  const query = {
    ...(state === '' ? {} : { machine, state }),
    ...filter.value,
    q: sought,
    sort: 'oldest',
    limit: MOST,
  };
  // Whoever looks for somebody does not know where they are.
  const isEverywhere = sought !== '' && filter.value.node === undefined && nodes.value.length > 1;
  const { answer, problem } = usePolled<Found>(
    '/inspect/connections',
    isEverywhere ? { ...query, node: '*' } : query,
    2000,
  );
  const silent = answer?.unreachable ?? [];
  const found = answer?.connections ?? [];
  return (
    <section class="connections" aria-label="Connections">
      <input
        type="search"
        class="search"
        placeholder="Socket id, user, room, address"
        aria-label="Search connections by socket id, user, room or address"
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => seek(currentTarget.value.trim())}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          focusRow(event.currentTarget.closest('section')!, 0);
        }}
      />
      {problem && <p class="trouble">{problem.message}</p>}
      {answer && (
        <p class="listing">
          {found.length === 0 ? 'None.' : found.length === MOST ? `The ${MOST} longest` : `${found.length}`}
          {found.length > 0 && (state === '' ? ', oldest first' : ', longest in this state first')}
          {isEverywhere && ' · on all nodes'}
        </p>
      )}
      {silent.length > 0 && <p class="trouble">Not looked through: node {silent.join(', ')}.</p>}
      <ul class="rows" onKeyDown={moveInRows}>
        {found.map((connection, i) => (
          <li key={connection.id}>
            <button type="button" class="row" tabIndex={i === 0 ? 0 : -1} onClick={() => show(connection)}>
              <span class="who">{connection.user || connection.sockets[0]?.id || connection.id}</span>
              <span class="age">{duration(Math.max(0, serverNow() - connection.since))}</span>
              <span class="where">
                {connection.node !== undefined && `node ${connection.node} · `}
                {connection.address} · {connection.transport} · {connection.protocol}
                {connection.sockets.length > 0 &&
                  ` · ${connection.sockets.map(({ namespace }) => namespace).join(' ')}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Where it lives. */
function show({ id, node }: Found['connections'][number]): void {
  const isHere = node === undefined || nodes.value.some(({ number, self }) => self && number === node);
  go({ connection: id, ...(isHere ? {} : { filter: { ...filter.value, node: String(node) } }) });
}

/** Arrow keys go from row to row. */
export function moveInRows(event: KeyboardEvent): void {
  const rows = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('.row')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  if (to < 0) {
    (event.currentTarget as HTMLElement).parentElement?.querySelector<HTMLElement>('.search')?.focus();
  } else rows[Math.min(to, rows.length - 1)]?.focus();
}

function focusRow(section: Element, index: number): void {
  section.querySelectorAll<HTMLElement>('.row')[index]?.focus();
}
