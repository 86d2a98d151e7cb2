import type { Census } from '../../../src/runtime/ports/census.ts';
import { machines, view } from '../admin/census.ts';
import { go, place } from '../admin/place.ts';
import { statesOf } from '../chart/state-tree.ts';
import { FilmPanel } from '../film/film-panel.tsx';
import { close, film, isFile } from '../film/film-player.ts';
import { ConnectionPanel } from './connection-panel.tsx';
import { Overview } from './overview.tsx';
import { StatePanel } from './state-panel.tsx';

/** From many to one: the overview, a state and its connections, one connection and its film. */
export function Side({ census }: { readonly census: Census | null }) {
  const { state, connection } = place.value;
  const chart = machines.value.find(({ id }) => id === view.value);
  const node = chart && statesOf(chart).find(({ path }) => path === state);
  return (
    <aside class="side" aria-label="Details">
      {isFile.value && film.value ? (
        <>
          <Trail steps={[['Film file', null]]} onHome={close} />
          <h2>Connection {film.value.subject.id}</h2>
          <p class="facts">
            {film.value.subject.protocol} · {film.value.subject.transport} · {film.value.subject.address} ·
            Holdfast {film.value.holdfast}
          </p>
          <FilmPanel />
        </>
      ) : connection !== '' ? (
        <>
          <Trail
            steps={[
              ...(node ? [[node.path, () => go({ connection: '' })] as const] : []),
              ['connection', null],
            ]}
            onHome={() => go({ state: '', connection: '' })}
          />
          <ConnectionPanel key={connection} id={connection} />
        </>
      ) : node && chart ? (
        <>
          <Trail steps={[[`${chart.id} state`, null]]} onHome={() => go({ state: '' })} />
          <StatePanel key={state} machine={chart} node={node} census={census?.machines[chart.id] ?? null} />
        </>
      ) : (
        <Overview />
      )}
    </aside>
  );
}

interface TrailProps {
  readonly steps: readonly (readonly [string, (() => void) | null])[];
  readonly onHome: () => void;
}

function Trail({ steps, onHome }: TrailProps) {
  return (
    <nav class="trail" aria-label="Where you are">
      <button type="button" onClick={onHome}>
        <span aria-hidden="true">←</span> All
      </button>
      {steps.map(([name, onClick]) =>
        onClick ? (
          <button key={name} type="button" onClick={onClick}>
            {name}
          </button>
        ) : (
          <span key={name}>{name}</span>
        ),
      )}
    </nav>
  );
}
