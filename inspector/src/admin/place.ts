import { computed, signal } from '@preact/signals';
import type { CensusFilter, MachineName } from '../../../src/runtime/ports/census.ts';

export const FILTERS = [
  'node',
  'transport',
  'protocol',
  'namespace',
  'user',
  'room',
] as const satisfies readonly (keyof CensusFilter)[];
/** What fills the page: the chart of a machine, or all nodes. */
export type View = MachineName | 'cluster';
const VIEWS: readonly View[] = ['connection', 'socket', 'node', 'cluster'];

/** What is looked at. It is the address's fragment, so that it can be sent to somebody and the browser goes back. */
export interface Place {
  readonly machine: View;
  /** Path of the state whose connections are listed; empty for none. */
  readonly state: string;
  /** Public id of the connection whose film is shown; empty for none. */
  readonly connection: string;
  readonly filter: CensusFilter;
}

export const place = signal<Place>(read(location.hash));
addEventListener('hashchange', () => {
  place.value = read(location.hash);
});

export const filter = computed(() => place.value.filter);
export const isFiltered = computed(() => Object.keys(place.value.filter).length > 0);

export function go(change: Partial<Place>): void {
  place.value = { ...place.value, ...change };
  const next = write(place.value);
  if (location.hash !== next) history.pushState(null, '', next || location.pathname);
}
/** Shows a machine of another node; of the one that serves this page when it is empty. */
export function lookAt(node: string, machine: MachineName): void {
  const { node: _, ...rest } = filter.value;
  go({ machine, state: '', connection: '', filter: node === '' ? rest : { ...rest, node } });
}
addEventListener('popstate', () => {
  place.value = read(location.hash);
});

export function read(hash: string): Place {
  const query = new URLSearchParams(hash.replace(/^#/, ''));
  const found: Record<string, string> = {};
  for (const name of FILTERS) {
    const value = query.get(name);
    if (value) found[name] = value;
  }
  return {
    machine: VIEWS.find((name) => name === query.get('machine')) ?? 'connection',
    state: query.get('state') ?? '',
    // It becomes part of paths that are asked for: whoever sends such an address shall name nothing else.
    connection: /^\d{1,20}$/.exec(query.get('connection') ?? '')?.[0] ?? '',
    filter: found,
  };
}

export function write({ machine, state, connection, filter: chosen }: Place): string {
  const query = new URLSearchParams();
  if (machine !== 'connection') query.set('machine', machine);
  if (state !== '') query.set('state', state);
  if (connection !== '') query.set('connection', connection);
  for (const name of FILTERS) if (chosen[name]) query.set(name, chosen[name]);
  return query.size > 0 ? `#${query}` : '';
}
