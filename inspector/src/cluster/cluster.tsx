import type { NodeReport } from '../../../src/runtime/ports/neighbours.ts';
import { bytes, duration, number } from '../admin/durations.ts';
import { nodeName, nodes, nodesTime, nodesTrouble } from '../admin/nodes.ts';
import { filter, lookAt } from '../admin/place.ts';
import { confirm } from '../top/confirm.tsx';

const COLUMNS = [
  'node',
  'role',
  'state',
  'connections',
  'in, out',
  'cpu',
  'memory',
  'loop delay',
  'Kafka lag',
  'lease',
  'version',
  '',
] as const;

/** All nodes, whichever of them serves this page. */
export function Cluster() {
  const all = nodes.value;
  const silent = all.filter(({ reachable }) => !reachable).length;
  const connections = all.reduce((sum, node) => sum + (node.connections ?? 0), 0);
  return (
    <section class="cluster" aria-label="Cluster">
      <p class="listing">
        {all.length} {all.length === 1 ? 'node' : 'nodes'}, {number(connections)} connections
        {silent > 0 && (
          <span class="silent">
            {' '}
            · {silent} {silent === 1 ? 'does' : 'do'} not answer
          </span>
        )}
      </p>
      {nodesTrouble.value !== '' && (
        <p class="trouble" role="alert">
          No news of the nodes: {nodesTrouble.value}.
        </p>
      )}
      <table class="cluster-nodes">
        <thead>
          <tr>
            {COLUMNS.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {all.map((node) => (
            <Row key={`${node.number} ${node.incarnation}`} node={node} />
          ))}
        </tbody>
      </table>
      <p class="note">
        Delays of the event loop are the median and the 99th percentile, load is of the last seconds, and
        Kafka lag is what waits for a node in its partitions. A node that does not answer is shown with what
        its lease says.
      </p>
    </section>
  );
}

function Row({ node }: { readonly node: NodeReport }) {
  const { role, state, reachable, load, eventLoopDelay, kafkaLag, leaseUntil, version, self } = node;
  const name = String(node.number ?? '');
  const isShown = filter.value.node === name || (filter.value.node === undefined && self);
  return (
    <tr class={reachable ? '' : 'silent'} data-node={name}>
      <th scope="row">
        <button
          type="button"
          class="link"
          aria-current={isShown}
          onClick={() => lookAt(self ? '' : name, role === 'api' ? 'node' : 'connection')}
        >
          {nodeName(node)}
        </button>
        <span class="name">
          {node.name}
          {self && ' · serves this page'}
        </span>
      </th>
      <Cell label="role">{role}</Cell>
      <Cell label="state">{reachable ? state : silence(node)}</Cell>
      <Cell label="connections">{node.connections === null ? '' : number(node.connections)}</Cell>
      <Cell label="in, out">{load && `${perSecond(load.received)}, ${perSecond(load.sent)}`}</Cell>
      <Cell label="cpu">{load && `${Math.round(100 * load.cpu)} %`}</Cell>
      <Cell label="memory">{load && bytes(load.memory)}</Cell>
      <Cell label="loop delay">
        {eventLoopDelay && `${milliseconds(eventLoopDelay.p50)} · ${milliseconds(eventLoopDelay.p99)}`}
      </Cell>
      <Cell label="Kafka lag">{kafkaLag === null ? '' : number(kafkaLag)}</Cell>
      <Cell label="lease">{leaseUntil === null ? '' : left(leaseUntil - nodesTime.value)}</Cell>
      <Cell label="version">{version}</Cell>
      <td>
        <button
          type="button"
          class="danger"
          disabled={!reachable || state?.startsWith('draining') === true}
          onClick={() => askToDrain(nodeName(node), self ? '' : name)}
        >
          Drain…
        </button>
      </td>
    </tr>
  );
}

function Cell({ label, children }: { readonly label: string; readonly children: string | null }) {
  return (
    <td class={NUMBERS.has(label) ? 'number' : ''} data-label={label}>
      {children}
    </td>
  );
}

const NUMBERS: ReadonlySet<string> = new Set(COLUMNS.slice(3, 10));

/** @param node number of another node; empty for the one that serves this page */
export function askToDrain(name: string, node: string): void {
  confirm({
    title: `Drain ${name}?`,
    text: 'It takes no new sessions, closes those it has at drain.rate, hands over what it accepted, and its process ends. That cannot be called back.',
    verb: 'Drain',
    danger: true,
    method: 'POST',
    path: '/inspect/drain',
    query: { node },
    body: () => ({}),
  });
}

function silence({ answeredAt }: NodeReport): string {
  if (answeredAt === null) return 'does not answer';
  return `does not answer; did ${duration(Math.max(0, nodesTime.value - answeredAt))} ago`;
}

function left(ms: number): string {
  return ms > 0 ? duration(ms) : 'has run out';
}

function perSecond(count: number): string {
  return `${count >= 10 ? number(Math.round(count)) : count}/s`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
