import { useEffect } from 'preact/hooks';
import { isLocked } from './admin/admin-client.ts';
import { census, machines, trouble, view } from './admin/census.ts';
import { go, place } from './admin/place.ts';
import { Chart } from './chart/chart.tsx';
import { Cluster } from './cluster/cluster.tsx';
import { FileDrop } from './film/file-drop.tsx';
import { close, isFile } from './film/film-player.ts';
import { Side } from './side/side.tsx';
import { ConfirmDialog } from './top/confirm.tsx';
import { Lock } from './top/lock.tsx';
import { MachineTabs } from './top/machine-tabs.tsx';
import { TopBar } from './top/top-bar.tsx';

/** The whole page. */
export function Inspector() {
  useEffect(() => {
    addEventListener('keydown', leave);
    return () => removeEventListener('keydown', leave);
  }, []);
  if (isLocked.value) return <Lock />;
  const { state, connection } = place.value;
  const chart = machines.value.find(({ id }) => id === view.value);
  const isDeep = state !== '' || connection !== '' || isFile.value;
  return (
    <div class={isDeep ? 'page deep' : 'page'}>
      <TopBar />
      <main>
        <div class="left">
          <MachineTabs />
          {trouble.value !== '' && (
            <p class="trouble" role="alert">
              {trouble.value}
            </p>
          )}
          {view.value === 'cluster' && <Cluster />}
          {chart && <Chart key={chart.id} machine={chart} />}
        </div>
        <Side census={census.value} />
      </main>
      <ConfirmDialog />
      <FileDrop />
    </div>
  );
}

/** Escape goes one step out. */
function leave(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
  const { state, connection } = place.value;
  if (isFile.value) close();
  else if (connection !== '') go({ connection: '' });
  else if (state !== '') go({ state: '' });
  else return;
  event.preventDefault();
}
