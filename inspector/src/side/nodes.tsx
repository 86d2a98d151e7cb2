import { view } from '../admin/census.ts';
import { number } from '../admin/durations.ts';
import { nodeName, nodes } from '../admin/nodes.ts';
import { filter, go, lookAt } from '../admin/place.ts';

/** The nodes of the cluster in short; one that does not answer is said to. Nothing where there is only one, or all are shown anyway. */
export function Nodes() {
  if (nodes.value.length < 2 || view.value === 'cluster') return null;
  return (
    <section aria-label="Nodes">
      <h2>
        <button type="button" class="link" onClick={() => go({ machine: 'cluster', state: '' })}>
          Nodes
        </button>
      </h2>
      <table class="nodes">
        <thead>
          <tr>
            <th scope="col">node</th>
            <th scope="col">role</th>
            <th scope="col">connections</th>
            <th scope="col">delay p99</th>
          </tr>
        </thead>
        <tbody>
          {nodes.value.map(({ number: id, role, self, reachable, connections, eventLoopDelay }) => {
            const name = String(id ?? '');
            const isShown = filter.value.node === name || (filter.value.node === undefined && self);
            return (
              <tr key={name} class={reachable ? '' : 'silent'}>
                <th scope="row">
                  <button
                    type="button"
                    class="link"
                    aria-current={isShown}
                    onClick={() => lookAt(self ? '' : name, role === 'api' ? 'node' : 'connection')}
                  >
                    {nodeName({ number: id })}
                  </button>
                </th>
                <td>{role}</td>
                {reachable ? (
                  <>
                    <td class="number">{connections === null ? '' : number(connections)}</td>
                    <td class="number">{eventLoopDelay ? `${eventLoopDelay.p99.toFixed(1)} ms` : ''}</td>
                  </>
                ) : (
                  <td colSpan={2}>does not answer</td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
