import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, token } from '../admin/admin-client.ts';
import { census, isLive } from '../admin/census.ts';
import { nodes } from '../admin/nodes.ts';
import { FILTERS, filter, go, isFiltered } from '../admin/place.ts';
import { askToDrain } from '../cluster/cluster.tsx';
import { confirm } from './confirm.tsx';

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  transport: ['polling', 'websocket'],
  protocol: ['socket.io/5', 'socket.io/4', 'engine.io/4', 'engine.io/3', 'websocket'],
};
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];
const isOpen = signal(false);
const version = signal('');
const level = signal('');

/** The node, whether figures come, what they are narrowed down to, and what can be done to the node. */
export function TopBar() {
  useEffect(() => {
    ask<{ version: string }>('/version').then(
      (answer) => {
        version.value = answer.version;
      },
      () => {},
    );
    ask<{ level: string }>('/log/level').then(
      (answer) => {
        level.value = answer.level;
      },
      () => {},
    );
  }, [token.value, filter.value.node]);
  const node = census.value?.node ?? '';
  return (
    <header class={isOpen.value ? 'top open' : 'top'}>
      <h1>
        Holdfast <span>inspector</span>
      </h1>
      <p class="node">
        <span class={isLive.value ? 'pulse on' : 'pulse'} />
        {isLive.value ? 'live' : 'no figures'}
        {node !== '' && ` · node ${node}`}
        {version.value !== '' && ` · ${version.value}`}
      </p>
      <button
        type="button"
        class="quiet narrow-only"
        aria-expanded={isOpen.value}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        Filter{isFiltered.value ? ' ●' : ''}
      </button>
      <search class="filters" aria-label="Narrow down">
        {FILTERS.map((name) => (
          <Filter key={name} name={name} />
        ))}
        {isFiltered.value && (
          <button type="button" class="quiet" onClick={() => go({ filter: {} })}>
            Clear
          </button>
        )}
      </search>
      <div class="node-actions">
        <label>
          log
          <select
            value={level.value}
            onChange={({ currentTarget }) => {
              const wanted = currentTarget.value;
              currentTarget.value = level.value;
              confirm({
                title: `Log from ${wanted} on?`,
                text: `This node logs ${level.value} and above now. It goes on with ${wanted} until it is told otherwise or restarted.`,
                verb: 'Change',
                method: 'PUT',
                path: '/log/level',
                body: () => ({ level: wanted }),
                done: () => {
                  level.value = wanted;
                },
              });
            }}
          >
            {[...new Set([...LEVELS, level.value])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="danger"
          onClick={() => askToDrain(`node ${node}`, filter.value.node ?? '')}
        >
          Drain…
        </button>
      </div>
    </header>
  );
}

function Filter({ name }: { readonly name: (typeof FILTERS)[number] }) {
  const value = filter.value[name] ?? '';
  const choices = name === 'node' ? nodeChoices(value) : CHOICES[name];
  const set = (text: string): void => {
    const { [name]: _, ...rest } = filter.value;
    go({ filter: text === '' ? rest : { ...rest, [name]: text } });
  };
  return (
    <label class={value === '' ? '' : 'set'} for={`filter-${name}`}>
      <span>{name}</span>
      {choices ? (
        <select
          id={`filter-${name}`}
          value={value}
          onChange={({ currentTarget }) => set(currentTarget.value)}
        >
          <option value="">{name === 'node' ? 'this' : 'any'}</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          id={`filter-${name}`}
          value={value}
          placeholder="any"
          size={7}
          spellcheck={false}
          autocomplete="off"
          onChange={({ currentTarget }) => set(currentTarget.value.trim())}
        />
      )}
    </label>
  );
}

/** The others, and the one that was chosen, whether or not it is still there. */
function nodeChoices(chosen: string): string[] {
  const others = nodes.value.flatMap(({ number, self }) => (self || number === null ? [] : [String(number)]));
  return [...new Set([...others, ...(chosen === '' ? [] : [chosen])])];
}
