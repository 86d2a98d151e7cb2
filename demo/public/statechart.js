import { layOut } from './statechart-layout.js';

const SVG = 'http://www.w3.org/2000/svg';

/** Draws the tree into `container` and keeps it lit: `show(active)`, `flash(from, to, label)`, `pulse(node)`. */
export function statechart(container, tree, delayOf) {
  const svg = make('svg', { role: 'img', 'aria-label': 'State machine of this connection' });
  container.replaceChildren(svg);
  let groups = new Map();
  let boxes = new Map();
  let overlay;
  let active = new Set();
  let width = 0;
  const entered = new Map();

  function draw() {
    const layout = layOut(tree.root, width);
    boxes = layout.boxes;
    groups = new Map();
    svg.setAttribute('viewBox', `0 0 ${width} ${layout.height}`);
    svg.setAttribute('height', layout.height);
    svg.replaceChildren(arrowHead());
    const back = make('g', {});
    const arrows = make('g', { class: 'arrows' });
    const front = make('g', {});
    overlay = make('g', { class: 'overlay' });
    svg.append(back, arrows, front, overlay);
    for (const [node, box] of boxes) {
      const group = state(node, box);
      groups.set(node, group);
      (node.children.length ? back : front).append(group);
    }
    drawArrows(arrows);
    light();
  }

  function state(node, box) {
    const region = node.parent?.kind === 'parallel';
    const leaf = node.children.length === 0;
    const group = make('g', {
      class: `state ${region ? 'region' : leaf ? 'leaf' : node.kind}`,
      transform: `translate(${box.x} ${box.y})`,
    });
    const { width: w, height: h } = box;
    group.append(make('rect', { width: w, height: h, rx: region ? 0 : leaf ? 9 : 12 }));
    if (node.kind === 'final')
      group.append(make('rect', { class: 'inner', x: 3, y: 3, width: w - 6, height: h - 6, rx: 7 }));
    const place = region ? { x: 1, y: 18 } : leaf ? { x: w / 2, y: 22 } : { x: 13, y: 19 };
    group.append(make('text', { class: 'name', ...place }, node.name));
    for (const [i, delay] of node.delays.slice(0, 1).entries()) {
      const x = leaf ? 10 : 13;
      const y = leaf ? 38 : 34;
      const bar = Math.min(w - x * 2, leaf ? w : 170);
      group.append(
        make('text', { class: 'delay', x, y: y + i }, delay),
        make('line', { class: 'track', x1: x, x2: x + bar, y1: y + 6, y2: y + 6 }),
        make('line', { class: 'timer', x1: x, x2: x + bar, y1: y + 6, y2: y + 6, pathLength: 1 }),
      );
    }
    group.append(make('title', {}, about(node)));
    return group;
  }

  function about(node) {
    const lines = tree
      .transitionsOf(node)
      .map(({ event, isDelay, target }) => `${isDelay ? 'after ' : ''}${event} → ${target?.name ?? 'stays'}`);
    return [node.id, node.description, ...new Set(lines)].filter(Boolean).join('\n');
  }

  function drawArrows(layer) {
    const seen = new Set();
    for (const node of boxes.keys()) {
      for (const { target } of tree.transitionsOf(node)) {
        const to = visible(target);
        const from = to && outermost(node, to);
        if (!to || to === from || contains(to, from) || contains(from, to)) continue;
        const key = `${from.id}>${to.id}`;
        if (seen.has(key)) continue;
        seen.add(key);
        const reversed = seen.has(`${to.id}>${from.id}`);
        layer.append(make('path', { d: curve(from, to, reversed), 'marker-end': 'url(#head)' }));
      }
    }
  }

  /** By the sides that face each other, over or under what stands between; the way back runs beside the way there. */
  function curve(from, to, reversed) {
    const a = boxes.get(from);
    const b = boxes.get(to);
    const shift = reversed ? 7 : -7;
    const overlapY = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
    if (overlapY > 10) {
      const right = b.x > a.x;
      const start = [right ? a.x + a.width : a.x, a.y + a.height / 2 + shift];
      const end = [right ? b.x : b.x + b.width, b.y + b.height / 2 + shift];
      if (!somethingBetween(start, end, from, to)) return `M${start} L${end}`;
      // Into another composite from below, where no title stands.
      const over = right && to.parent === from.parent;
      const lift = (over ? -1 : 1) * Math.min(Math.abs(b.x - a.x) / 7, 20);
      const [x1, x2] = [a.x + a.width / 2, b.x + b.width / 2];
      const [y1, y2] = over ? [a.y, b.y] : [a.y + a.height, b.y + b.height];
      return `M${x1},${y1} C${x1},${y1 + lift} ${x2},${y2 + lift} ${x2},${y2}`;
    }
    const down = b.y > a.y;
    const clampX = (x, box) => Math.min(Math.max(x, box.x + 16), box.x + box.width - 16);
    const x1 = clampX(b.x + b.width / 2, a) + shift;
    const x2 = clampX(x1, b) + (reversed ? 7 : 0);
    const y1 = down ? a.y + a.height : a.y;
    const y2 = down ? b.y : b.y + b.height;
    const bend = (y2 - y1) / 2;
    return `M${x1},${y1} C${x1},${y1 + bend} ${x2},${y2 - bend} ${x2},${y2}`;
  }

  function somethingBetween([x1, y1], [x2, y2], from, to) {
    const [left, right] = x1 < x2 ? [x1, x2] : [x2, x1];
    const y = (y1 + y2) / 2;
    return [...boxes].some(
      ([node, box]) =>
        node !== from &&
        node !== to &&
        !contains(node, from) &&
        !contains(node, to) &&
        box.x < right - 1 &&
        box.x + box.width > left + 1 &&
        box.y < y &&
        box.y + box.height > y,
    );
  }

  function visible(node) {
    for (let at = node; at; at = at.parent) if (boxes.has(at)) return at;
    return undefined;
  }

  function light() {
    for (const [node, group] of groups) {
      const on = active.has(node);
      group.classList.toggle('on', on);
      const timer = group.querySelector('.timer');
      if (!timer) continue;
      const ms = delayOf(node.delays[0]);
      if (!on || !ms) {
        timer.style.animation = 'none';
        continue;
      }
      const gone = performance.now() - (entered.get(node) ?? performance.now());
      timer.style.animation = 'none';
      timer.getBoundingClientRect();
      timer.style.animation = `drain ${ms}ms linear ${-gone}ms forwards`;
    }
  }

  const observer = new ResizeObserver(([entry]) => {
    const next = Math.round(entry.contentRect.width);
    if (next === width || next === 0) return;
    width = next;
    draw();
  });
  observer.observe(container);

  return {
    /** Lights exactly these states; timers of states in `restarted` begin anew. */
    show(next, restarted = new Set()) {
      for (const node of next)
        if (!active.has(node) || restarted.has(node)) entered.set(node, performance.now());
      active = next;
      if (width) light();
    },
    flash(from, to, label) {
      const target = visible(to);
      const origin = target && outermost(visible(from) ?? target, target);
      if (!target || origin === target) return;
      const path = make('path', {
        class: 'flash',
        d: curve(origin, target, false),
        pathLength: 1,
        'marker-end': 'url(#head-hot)',
      });
      overlay.append(path);
      const middle = path.getPointAtLength(path.getTotalLength() / 2);
      const text = make('text', { class: 'flash-label', x: middle.x, y: middle.y - 8 }, label);
      overlay.append(text);
      const half = text.getComputedTextLength() / 2 + 4;
      text.setAttribute('x', Math.min(Math.max(middle.x, half), width - half));
      setTimeout(() => {
        path.remove();
        text.remove();
      }, 1600);
      this.pulse(to);
    },
    pulse(node) {
      const group = groups.get(visible(node));
      if (!group) return;
      group.classList.remove('pulse');
      group.getBoundingClientRect();
      group.classList.add('pulse');
    },
  };
}

function contains(outer, inner) {
  for (let at = inner.parent; at; at = at.parent) if (at === outer) return true;
  return false;
}

/** Whoever leaves a whole branch of the tree is drawn as leaving it from its border: one arrow for all inside. */
function outermost(node, target) {
  const top = (at) => (at.parent?.parent ? top(at.parent) : at);
  return top(node) === top(target) ? node : top(node);
}

function arrowHead() {
  const defs = make('defs', {});
  for (const id of ['head', 'head-hot']) {
    const marker = make('marker', {
      id,
      viewBox: '0 0 8 8',
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      orient: 'auto-start-reverse',
      markerUnits: 'userSpaceOnUse',
    });
    marker.append(make('path', { d: 'M0,1L7,4L0,7Z' }));
    defs.append(marker);
  }
  return defs;
}

function make(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
