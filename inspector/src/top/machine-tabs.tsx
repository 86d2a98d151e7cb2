import { census, machines, view } from '../admin/census.ts';
import { number } from '../admin/durations.ts';
import { nodes } from '../admin/nodes.ts';
import { go } from '../admin/place.ts';

const NAMES = { connection: 'Connections', socket: 'Sockets', node: 'Node' } as const;

/** Which machine's chart is shown, and how many of each there are; or all nodes. */
export function MachineTabs() {
  const current = view.value;
  const isSilent = nodes.value.some(({ reachable }) => !reachable);
  return (
    <div
      class="tabs"
      role="tablist"
      aria-label="Machines"
      onKeyDown={(event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step === undefined) return;
        const ids = [...machines.value.map(({ id }) => id), 'cluster' as const];
        const next = ids[(ids.indexOf(current) + step + ids.length) % ids.length]!;
        go({ machine: next, state: '' });
        event.currentTarget.querySelector<HTMLElement>(`[data-machine=${next}]`)?.focus();
      }}
    >
      {machines.value.map(({ id, root }) => {
        const states = census.value?.machines[id].states ?? {};
        const inhabited = root.states.filter(({ path }) => (states[path]?.count ?? 0) > 0);
        const count = inhabited.reduce((sum, { path }) => sum + states[path]!.count, 0);
        const figure = id === 'node' ? (inhabited[0]?.key ?? '') : number(count);
        return (
          <button
            key={id}
            type="button"
            role="tab"
            data-machine={id}
            aria-selected={id === current}
            tabIndex={id === current ? 0 : -1}
            onClick={() => go({ machine: id, state: '' })}
          >
            {NAMES[id]} {census.value && <b>{figure}</b>}
          </button>
        );
      })}
      <button
        type="button"
        role="tab"
        data-machine="cluster"
        class={isSilent ? 'silent' : ''}
        aria-selected={current === 'cluster'}
        tabIndex={current === 'cluster' ? 0 : -1}
        onClick={() => go({ machine: 'cluster', state: '' })}
      >
        Cluster {nodes.value.length > 0 && <b>{nodes.value.length}</b>}
      </button>
    </div>
  );
}
