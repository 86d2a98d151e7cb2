import { serverNow } from '../admin/census.ts';
import { duration, number } from '../admin/durations.ts';
import { filter, go } from '../admin/place.ts';
import { usePolled } from './polled.ts';

/** What `GET /inspect/nodes` says of each. */
export interface NodeJson {
  readonly number: number | string;
  readonly name: string;
  readonly role: string;
  readonly version: string;
  readonly leaseUntil: number | null;
  readonly connections: number | null;
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number } | null;
  readonly kafkaLag: number | null;
  readonly reachable: boolean;
}

/** The nodes of the cluster; one that does not answer is said to. */
export function Nodes() {
  const { answer, problem } = usePolled<readonly NodeJson[] | { readonly nodes: readonly NodeJson[] }>(
    '/inspect/nodes',
    {},
    3000,
  );
  if (answer === null) {
    return problem ? <p class="note">This node does not list the others of its cluster.</p> : null;
  }
  const nodes = 'nodes' in answer ? answer.nodes : answer;
  return (
    <section aria-label="Nodes">
      <h2>Nodes</h2>
      <table class="nodes">
        <thead>
          <tr>
            <th scope="col">node</th>
            <th scope="col">role</th>
            <th scope="col">connections</th>
            <th scope="col">delay p99</th>
            <th scope="col">lag</th>
            <th scope="col">lease</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <tr key={node.name + node.number} class={node.reachable ? '' : 'silent'}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  onClick={() => go({ filter: { ...filter.value, node: String(node.number) } })}
                >
                  {node.name || node.number}
                </button>
              </th>
              {node.reachable ? (
                <>
                  <td>{node.role}</td>
                  <td class="number">{node.connections === null ? '' : number(node.connections)}</td>
                  <td class="number">
                    {node.eventLoopDelay ? `${node.eventLoopDelay.p99.toFixed(1)} ms` : ''}
                  </td>
                  <td class="number">{node.kafkaLag ?? ''}</td>
                  <td class="number">
                    {node.leaseUntil === null ? '' : duration(Math.max(0, node.leaseUntil - serverNow()))}
                  </td>
                </>
              ) : (
                <td colSpan={5}>does not answer</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
