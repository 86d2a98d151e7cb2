import { useRef } from 'preact/hooks';
import type { Strange } from '../../../src/runtime/ports/strange.ts';
import { serverNow } from '../admin/census.ts';
import { bytes, duration } from '../admin/durations.ts';
import { go } from '../admin/place.ts';
import { open } from '../film/file-drop.tsx';
import { filmTrouble } from '../film/film-player.ts';
import { ConnectionList, moveInRows } from './connection-list.tsx';
import { Nodes } from './nodes.tsx';
import { usePolled } from './polled.ts';

/** What is to be looked at without being asked for, the nodes, everybody by age. */
export function Overview() {
  const file = useRef<HTMLInputElement>(null);
  return (
    <>
      <StrangeList />
      <Nodes />
      <h2>All connections</h2>
      <ConnectionList machine="connection" state="" />
      <p class="note">
        Drop a film file anywhere to play it, or{' '}
        <button type="button" class="link" onClick={() => file.current?.click()}>
          choose one
        </button>
        .
        <input
          ref={file}
          type="file"
          accept="application/json,.json"
          hidden
          onChange={({ currentTarget }) => {
            const [chosen] = currentTarget.files ?? [];
            if (chosen) open(chosen);
            currentTarget.value = '';
          }}
        />
      </p>
      {filmTrouble.value !== '' && <p class="trouble">{filmTrouble.value}</p>}
    </>
  );
}

function StrangeList() {
  const { answer, problem } = usePolled<Strange>('/inspect/strange', {}, 3000);
  if (answer === null) {
    return problem ? <p class="note">Nothing is said about what is strange: {problem.message}.</p> : null;
  }
  const { overdue, loops, backoff, slow } = answer;
  const all = overdue.length + loops.length + backoff.length + slow.length;
  return (
    <section class="strange" aria-label="Stuck and strange">
      <h2>Stuck and strange</h2>
      {all === 0 && <p class="calm">Nothing. Everybody is where the rules want them.</p>}
      <ul class="rows" onKeyDown={moveInRows}>
        {overdue.map(({ connection, socket, user, state, since, delay, limit }) => (
          <li key={`${connection} ${socket} ${delay}`}>
            <button type="button" class="row overdue" onClick={() => go({ state, connection })}>
              <span class="who">{user || socket || connection}</span>
              <span class="age">{duration(Math.max(0, serverNow() - since))}</span>
              <span class="where">
                overdue in {state}: {delay} allows {limit === null ? 'less' : duration(limit)}
              </span>
            </button>
          </li>
        ))}
        {loops.map(({ by, key, connects, within, connections }) => (
          <li key={`loop ${key}`}>
            <button
              type="button"
              class="row"
              onClick={() => go({ filter: by === 'user' ? { user: key } : {}, state: 'open' })}
            >
              <span class="who">{key}</span>
              <span class="age">{connects}×</span>
              <span class="where">
                comes again and again: {connects} times in {duration(within)}, {connections} there now
              </span>
            </button>
          </li>
        ))}
        {backoff.map(({ network, silent, connections }) => (
          <li key={`backoff ${network}`}>
            <button type="button" class="row" onClick={() => go({ state: 'open.heartbeat.unanswered' })}>
              <span class="who">{network}</span>
              <span class="age">{silent}</span>
              <span class="where">do not answer their pings, of {connections} from there</span>
            </button>
          </li>
        ))}
        {slow.map(({ namespace, room, behind, members, bufferedBytes, longest }) => (
          <li key={`slow ${namespace} ${room}`}>
            <button
              type="button"
              class="row"
              onClick={() => go({ filter: room === null ? { namespace } : { room }, state: 'open' })}
            >
              <span class="who">{room ?? `${namespace}, in no room`}</span>
              <span class="age">{bytes(bufferedBytes)}</span>
              <span class="where">
                {behind} of {members} read too slowly, for {duration(longest)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
