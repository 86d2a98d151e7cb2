const GAP = 20;
const ROW_GAP = 22;
const PAD = 13;
const TITLE = 25;
const REGION_TITLE = 27;
const REGION_FOOT = 13;
/** Room above the first row for arrows that pass over a box. */
const TOP = 16;

const ruler = document.createElement('canvas').getContext('2d');

/**
 * Gives every drawn state of the tree a box `{ x, y, width, height }` inside the given width, and returns the
 * whole height. Children flow in rows; the regions of a parallel state lie one above the other.
 */
export function layOut(root, width) {
  const boxes = new Map();
  const drawn = (node) => node.children.filter((child) => !child.transient);

  function leafSize(node) {
    ruler.font = `600 13px ${getComputedStyle(document.body).fontFamily}`;
    const name = ruler.measureText(node.name).width;
    ruler.font = '11px monospace';
    const delay = Math.max(0, ...node.delays.map((d) => ruler.measureText(d).width + 19));
    return {
      width: Math.max(70, Math.ceil(Math.max(name, delay)) + 28),
      height: 34 + (node.delays.length ? 17 : 0),
    };
  }

  function size(node, available) {
    const children = drawn(node);
    if (children.length === 0) return leafSize(node);
    const inner =
      node.kind === 'parallel' ? stack(children, available - PAD * 2) : flow(children, available - PAD * 2);
    const head = TITLE + (node.delays.length ? 15 : 0);
    return {
      width: Math.max(inner.width + PAD * 2, 120),
      height: inner.height + PAD + head + 6,
      rows: inner.rows,
      head,
    };
  }

  function flow(children, available) {
    const rows = [];
    let row = { items: [], width: 0, height: 0 };
    for (const child of children) {
      const box = size(child, available);
      const needed = row.items.length ? row.width + GAP + box.width : box.width;
      if (row.items.length && needed > available) {
        rows.push(row);
        row = { items: [], width: 0, height: 0 };
      }
      row.width = row.items.length ? row.width + GAP + box.width : box.width;
      row.height = Math.max(row.height, box.height);
      row.items.push({ node: child, box });
    }
    rows.push(row);
    return {
      rows,
      width: Math.max(...rows.map((r) => r.width)),
      height: rows.reduce((sum, r) => sum + r.height, 0) + ROW_GAP * (rows.length - 1),
    };
  }

  function stack(regions, available) {
    const rows = regions.map((node) => {
      const inner = flow(drawn(node), available);
      return { region: node, inner, height: inner.height + REGION_TITLE + REGION_FOOT, width: inner.width };
    });
    return { rows, width: available, height: rows.reduce((sum, r) => sum + r.height, 0) };
  }

  function place(node, x, y, box, stretched) {
    boxes.set(node, { x, y, width: stretched ?? box.width, height: box.height });
    if (!box.rows) return;
    const inside = (stretched ?? box.width) - PAD * 2;
    placeRows(node.kind === 'parallel', box.rows, x + PAD, y + box.head, inside);
  }

  function placeRows(parallel, rows, x, top, width) {
    let y = top;
    for (const row of rows) {
      if (parallel) {
        boxes.set(row.region, { x, y, width, height: row.height });
        placeRows(false, row.inner.rows, x, y + REGION_TITLE, width);
        y += row.height;
        continue;
      }
      const spare = Math.max(0, width - row.width);
      // A lone composite takes the whole row; others keep their size and share the space between them.
      const lone = row.items.length === 1 && row.items[0].box.rows;
      const gap = GAP + (row.items.length > 1 ? Math.min(spare / (row.items.length - 1), 40) : 0);
      let at = x;
      for (const { node, box } of row.items) {
        place(node, at, y + (row.height - box.height) / 2, box, lone ? width : undefined);
        at += box.width + gap;
      }
      y += row.height + ROW_GAP;
    }
  }

  // Ways in and out come first, on one line; what runs side by side gets the whole width below them.
  const order = [...drawn(root)].sort(
    (a, b) => Number(a.kind === 'parallel') - Number(b.kind === 'parallel'),
  );
  const { rows, height } = flow(order, width);
  placeRows(false, rows, 0, TOP, width);
  return { boxes, height: height + TOP + 2 };
}
