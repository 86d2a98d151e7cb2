/**
 * The machine's definition as a tree of drawable states. States that are left the moment they are entered
 * (`always` and nothing else) are not drawn: they are the dot that marks where a region begins.
 */
export function machineTree(definition) {
  const all = new Map();

  function grow(name, config, parent) {
    const path = parent ? [...parent.path, name] : [];
    const node = {
      name,
      path,
      id: path.join('.'),
      parent,
      kind: config.type ?? (config.states ? 'compound' : 'atomic'),
      description: config.description ?? '',
      delays: Object.keys(config.after ?? {}),
      on: config.on ?? {},
      after: config.after ?? {},
      transient: Boolean(config.always) && !config.on && !config.after && !config.states,
      children: [],
    };
    all.set(node.id, node);
    node.children = Object.entries(config.states ?? {}).map(([key, child]) => grow(key, child, node));
    return node;
  }

  const root = grow(definition.id ?? 'machine', definition, null);

  /** Where a transition's target leads: `#machine.a.b`, a sibling's name, or `.child`. */
  function find(target, from) {
    if (target.startsWith('#')) return all.get(target.slice(1).split('.').slice(1).join('.'));
    if (target.startsWith('.')) return all.get([...from.path, target.slice(1)].join('.'));
    return all.get([...from.path.slice(0, -1), ...target.split('.')].join('.'));
  }

  /** All transitions of one state: `{ event, delay, target }`; `target` is undefined when it stays. */
  function transitionsOf(node) {
    const found = [];
    for (const [source, isDelay] of [
      [node.on, false],
      [node.after, true],
    ]) {
      for (const [event, configs] of Object.entries(source)) {
        for (const config of [configs].flat()) {
          const target = typeof config === 'string' ? config : config?.target;
          found.push({
            event,
            isDelay,
            target: target === undefined ? undefined : find([target].flat()[0], node),
          });
        }
      }
    }
    return found;
  }

  /**
   * The drawn states that a reported state lights up. Takes XState's nested value or a dotted path, in which
   * the regions of a parallel state may be named or not: `open.websocket.calm.joined`.
   */
  function activeStates(state) {
    const active = new Set();
    for (const path of typeof state === 'string' ? [state] : flatten(state)) {
      let trail = [root];
      for (const name of path.split(/[.,/|]/).filter(Boolean)) {
        const next = descend(trail, name, active);
        if (!next) continue;
        active.add(next);
        for (let up = next.parent; up && up !== root; up = up.parent) active.add(up);
        trail = [next, ...trail];
      }
    }
    return active;
  }

  function descend(trail, name, active) {
    for (const node of trail) {
      const child = node.children.find((c) => c.name === name);
      if (child) return child;
      if (node.kind !== 'parallel') continue;
      for (const region of node.children) {
        const taken = region.children.some((c) => active.has(c));
        const inRegion = region.children.find((c) => c.name === name);
        if (inRegion && !taken) return inRegion;
      }
    }
    return undefined;
  }

  return { root, all, transitionsOf, activeStates };
}

function flatten(value, prefix = '') {
  if (typeof value === 'string') return [prefix + value];
  return Object.entries(value).flatMap(([key, inner]) => {
    const inside = typeof inner === 'object' && inner && Object.keys(inner).length === 0;
    return inside ? [prefix + key] : flatten(inner, `${prefix + key}.`);
  });
}
