import { useEffect } from 'preact/hooks';
import { OPERATOR_REASONS } from '../../../src/runtime/inspect/operator-reasons.ts';
import type { InspectedConnectionDetail } from '../../../src/runtime/ports/inspector.ts';
import { serverNow } from '../admin/census.ts';
import { bytes, duration } from '../admin/durations.ts';
import { filter } from '../admin/place.ts';
import { FilmPanel } from '../film/film-panel.tsx';
import { filmLive } from '../film/film-player.ts';
import { confirm } from '../top/confirm.tsx';
import { usePolled } from './polled.ts';
import { Figure } from './state-panel.tsx';

const REASONS = Object.keys(OPERATOR_REASONS);

/** One connection: who it is, its sockets, its film. */
export function ConnectionPanel({ id }: { readonly id: string }) {
  const { node } = filter.value;
  useEffect(() => filmLive(id), [id, node]);
  const { answer, problem } = usePolled<InspectedConnectionDetail>(`/inspect/connections/${id}`, {}, 1000);
  const isGone = problem?.status === 404;
  const users = [...new Set(answer?.sockets.map(({ user }) => user).filter((user) => user !== '') ?? [])];
  return (
    <>
      <h2 class="id">{id}</h2>
      {isGone && <p class="trouble">This connection is over.</p>}
      {answer && (
        <>
          <p class="facts">
            {answer.address} · {answer.transport} · {answer.protocol}
          </p>
          <dl class="figures">
            <Figure name="open for" value={duration(Math.max(0, serverNow() - answer.openedAt))} />
            <Figure name="waiting" value={bytes(answer.bufferedBytes)} />
            <Figure name="sockets" value={String(answer.sockets.length)} />
          </dl>
          <ul class="sockets">
            {answer.sockets.map((socket) => (
              <li key={socket.id}>
                <b>{socket.namespace}</b> {socket.user && <span class="user">{socket.user}</span>}{' '}
                <span class="state-name">{socket.state}</span>
                <code>{socket.id}</code>
                {socket.rooms.length > 0 && <span class="rooms">{socket.rooms.join(' ')}</span>}
              </li>
            ))}
          </ul>
          {!isGone && (
            <div class="buttons">
              <button
                type="button"
                class="danger"
                onClick={() =>
                  confirm({
                    title: 'Close this connection?',
                    text: `Connection ${id} from ${answer.address} gets its farewell. A stock client comes back by itself after some reasons.`,
                    verb: 'Close it',
                    danger: true,
                    reasons: REASONS,
                    method: 'POST',
                    path: `/inspect/connections/${id}/close`,
                    body: (reason) => ({ reason }),
                  })
                }
              >
                Close…
              </button>
              {users.map((user) => (
                <button
                  key={user}
                  type="button"
                  class="danger"
                  onClick={() =>
                    confirm({
                      title: `Close all of ${user}?`,
                      text: `Every connection of user ${user} gets its farewell, on all devices and all nodes.`,
                      verb: 'Close them',
                      danger: true,
                      reasons: REASONS,
                      method: 'POST',
                      path: `/inspect/users/${encodeURIComponent(user)}/close`,
                      // All nodes, whichever is looked at.
                      query: { node: '' },
                      body: (reason) => ({ reason }),
                      remark: (answer) => silentNodes(answer as { unreachable: number[] }),
                    })
                  }
                >
                  Close all of {user}…
                </button>
              ))}
            </div>
          )}
        </>
      )}
      <FilmPanel />
    </>
  );
}

/** What is left to be done; empty when all nodes have answered. */
function silentNodes({ unreachable }: { readonly unreachable: readonly number[] }): string {
  if (unreachable.length === 0) return '';
  return `Done elsewhere, but node ${unreachable.join(', node ')} did not answer: try again when it does.`;
}
