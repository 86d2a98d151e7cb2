import { computed, effect, signal } from '@preact/signals';
import type { Census, MachineChart } from '../../../src/runtime/ports/census.ts';
import { type AdminError, ask, token } from './admin-client.ts';
import { follow } from './event-stream.ts';
import { filter, place, type View } from './place.ts';

export const machines = signal<readonly MachineChart[]>([]);
export const census = signal<Census | null>(null);
export const isLive = signal(false);
/** Why there is no chart, or nothing on it; empty when all is well. */
export const trouble = signal('');

/** What fills the page: an API node has no connections, so nothing but its own machine. */
export const view = computed((): View => {
  const { machine } = place.value;
  if (machine === 'cluster' || machines.value.some(({ id }) => id === machine)) return machine;
  return machines.value[0]?.id ?? machine;
});

let ahead = 0;
/** The node whose charts are shown; another one may run other machines, or fewer. */
const chartedNode = computed(() => filter.value.node ?? '');

/** What the node's clock shows, ms since 1970: that of this machine may be wrong. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/** Reads the charts, then follows the census, anew with each filter and token. */
export function watchCensus(): void {
  effect(() => {
    const key = token.value + chartedNode.value;
    ask<{ machines: readonly MachineChart[] }>('/inspect/machines').then(
      (answer) => {
        if (key === token.value + chartedNode.value) machines.value = answer.machines;
      },
      (error: AdminError) => {
        if (error.status !== 401 && machines.value.length === 0)
          trouble.value = `No chart: ${error.message}.`;
      },
    );
  });
  effect(() => {
    const query = { ...filter.value };
    void token.value;
    return follow('/inspect/census/stream', query, {
      receive: ({ name, data }) => {
        if (name !== 'census') return;
        census.value = data as Census;
        ahead = census.value.time - Date.now();
        trouble.value = '';
      },
      live: (now) => {
        isLive.value = now;
      },
      stumbled: (error) => {
        trouble.value = `No counts: ${error.message}.`;
      },
      failed: (error) => {
        census.value = null;
        if (error.status !== 401) trouble.value = `No counts: ${error.message}.`;
      },
    });
  });
}
