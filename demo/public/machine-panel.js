import { machineTree } from './machine-tree.js';
import { statechart } from './statechart.js';

const LISTED = 14;

/**
 * The live view of one connection's machine. Definition: `GET /demo/machine.json`; movement: server-sent
 * events of `GET /demo/events?id=<socket id>`. Says so when the server offers neither.
 */
export function machinePanel({ chart, list, note }) {
  let tree = null;
  let drawing = null;
  let feed = null;
  let active = new Set();
  let delays = {};
  let last = null;

  const ready = fetch('/demo/machine.json')
    .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
    .then((definition) => {
      tree = machineTree(definition);
      delays = definition.delays ?? {};
      drawing = statechart(chart, tree, (delay) => delays[delay]);
    })
    .catch(() => {
      const text = 'This server does not show its machines. Run “holdfast dev” to see them move.';
      chart.replaceChildren(Object.assign(document.createElement('p'), { textContent: text }));
      note.textContent = 'not available';
    });

  function light(state, restarted) {
    active = tree.activeStates(state);
    drawing.show(active, restarted);
  }

  function step({ event, from, to, effects = [] }) {
    const label = readable(event);
    const before = active;
    const restarted = reentered(before, label);
    light(to, restarted);
    const entered = [...active].filter((node) => !before.has(node) && isLeaf(node));
    const left = [...before].filter((node) => !active.has(node) && isLeaf(node));
    for (const node of entered) {
      const source = left.find((other) => region(other) === region(node)) ?? left[0];
      if (source) drawing.flash(source, node, label);
      else drawing.pulse(node);
    }
    if (entered.length === 0) for (const node of restarted) drawing.pulse(node);
    write(label, entered, left, from !== to, effects);
  }

  /** The states that answer an event without leaving: they blink, and their timers begin anew. */
  function reentered(states, label) {
    return new Set(
      [...states].filter((node) =>
        tree.transitionsOf(node).some((t) => t.event === label.replace('after ', '') && t.target === node),
      ),
    );
  }

  function write(label, entered, left, moved, effects) {
    const where = moved ? `${origin(left, entered)} → ${names(entered)}` : 'stays';
    const what = effects.map((effect) => (typeof effect === 'string' ? effect : effect.type)).join(', ');
    const key = `${label} ${where} ${what}`;
    if (last?.key === key) {
      last.times++;
      last.row.lastElementChild.textContent = `${what} ×${last.times}`;
      return;
    }
    const row = document.createElement('li');
    const cells = [
      ['b', label],
      ['span', where],
      ['em', what],
    ];
    row.append(
      ...cells.map(([name, text]) => Object.assign(document.createElement(name), { textContent: text })),
    );
    list.prepend(row);
    while (list.childElementCount > LISTED) list.lastElementChild.remove();
    last = { key, row, times: 1 };
  }

  return {
    /** Follows the connection of this socket. The feed of the one before stays until this one speaks. */
    async follow(id) {
      await ready;
      if (!tree) return;
      const source = new EventSource(`/demo/events?id=${encodeURIComponent(id)}`);
      source.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (feed !== source) {
          feed?.close();
          feed = source;
          note.textContent = `socket ${id}`;
        }
        if (message.state !== undefined) light(message.state);
        else step(message);
        if ([...active].some((node) => node.kind === 'final')) source.close();
      };
      source.onerror = () => {
        if (feed === null) note.textContent = 'the server offers no events of this connection';
        if (source.readyState !== EventSource.CLOSED && feed === source) source.close();
      };
    },
    /** Lengths of delays that the handshake told the client, for those the definition does not give. */
    learn(told) {
      delays = { ...told, ...delays };
    },
  };
}

function isLeaf(node) {
  return node.children.length === 0;
}

function region(node) {
  for (let at = node; at?.parent; at = at.parent) if (at.parent.kind === 'parallel') return at;
  return null;
}

/** Where a step came from: the states left, or the branch they were in when all of it was left at once. */
function origin(left, entered) {
  const tops = new Set(left.map(topOf));
  const [top] = tops;
  return top && tops.size === 1 && left.length > 1 && !entered.some((node) => topOf(node) === top)
    ? top.name
    : names(left);
}

function topOf(node) {
  return node.parent?.parent ? topOf(node.parent) : node;
}

function names(nodes) {
  return nodes.map((node) => node.name).join(' + ') || '·';
}

/** XState's name of a delayed event, `xstate.after.pingInterval.connection.open…`, reads `after pingInterval`. */
function readable(event) {
  const delay = /^(?:xstate\.)?after[.(: ]+(\w+)/.exec(event);
  return delay ? `after ${delay[1]}` : event;
}
