import { effect, signal } from '@preact/signals';
import type { Census, MachineChart } from '../../../src/runtime/ports/census.ts';
import { type AdminError, ask, token } from './admin-client.ts';
import { follow } from './event-stream.ts';
import { filter } from './place.ts';

export const machines = signal<readonly MachineChart[]>([]);
export const census = signal<Census | null>(null);
export const isLive = signal(false);
/** Why there is no chart, or nothing on it; empty when all is well. */
export const trouble = signal('');

let ahead = 0;

/** What the node's clock shows, ms since 1970: that of this machine may be wrong. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/** Reads the charts, then follows the census, anew with each filter and token. */
export function watchCensus(): void {
  effect(() => {
    const key = token.value;
    ask<{ machines: readonly MachineChart[] }>('/inspect/machines').then(
      (answer) => {
        if (key === token.value) machines.value = answer.machines;
      },
      (error: AdminError) => {
        if (error.status !== 401) trouble.value = `No chart: ${error.message}.`;
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
      failed: (error) => {
        census.value = null;
        if (error.status !== 401) trouble.value = `No counts: ${error.message}.`;
      },
    });
  });
}
