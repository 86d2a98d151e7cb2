import { computed, effect, signal } from '@preact/signals';
import type { Census, MachineChart } from '../../../src/runtime/ports/census.ts';
import { AdminError, ask, token } from './admin-client.ts';
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

/** How soon charts are asked for again, ms. */
const AGAIN = 1000;

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
    void token.value;
    void chartedNode.value;
    const gone = new AbortController();
    readCharts(gone.signal);
    return () => gone.abort();
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

/** Again and again while the node does not answer; what was read last stays there until it does. */
async function readCharts(gone: AbortSignal): Promise<void> {
  while (!gone.aborted) {
    try {
      const answer = await ask<{ machines: readonly MachineChart[] }>('/inspect/machines', {}, gone);
      if (!gone.aborted) machines.value = answer.machines;
      return;
    } catch (error) {
      if (gone.aborted || !(error instanceof AdminError) || error.status === 401) return;
      if (machines.value.length === 0) trouble.value = `No chart: ${error.message}.`;
      if (error.status >= 400 && error.status < 500) return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}
