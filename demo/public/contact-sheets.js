const TITLES = {
  sepia: 'Sepia',
  edges: 'Edges',
  duotone: 'Duotone',
  halftone: 'Halftone',
  blur: 'Soft focus',
  posterise: 'Posterise',
  pixelate: 'Pixels',
};
const SHEETS_KEPT = 4;

/** One strip of film for each picture: the original and its prints, filled in as they are pushed. */
export function contactSheets(container, { onOpen, announce }) {
  const sheets = new Map();
  container.append(blankSheet());

  function picture({ job, title, width, height, filters, bytes }, png) {
    if (sheets.has(job)) return;
    container.querySelector('.empty')?.remove();
    for (const earlier of container.children) earlier.classList.add('earlier');
    const film = document.createElement('article');
    film.className = 'film';
    const edge = filmEdge(`${title} · ${width}×${height}`, 'developing');
    const frames = document.createElement('div');
    frames.className = 'frames';
    film.append(edge, frames);
    const original = emptyFrame('Original', '1');
    frames.append(original);
    const urls = { original: fill(original, png, size(bytes)) };
    const prints = new Map();
    for (const [i, filter] of filters.entries()) {
      const frame = emptyFrame(TITLES[filter] ?? filter, frameNumber(i + 1));
      frame.classList.add('waiting');
      frames.append(frame);
      prints.set(filter, frame);
    }
    original.querySelector('button').onclick = () =>
      onOpen({ title, before: urls.original, after: urls.original, name: 'original' });
    sheets.set(job, { film, edge, prints, urls, title, left: filters.length });
    container.prepend(film);
    prune();
  }

  function result({ job, filter, milliseconds, bytes }, png) {
    const sheet = sheets.get(job);
    const frame = sheet?.prints.get(filter);
    if (!frame || sheet.urls[filter]) return;
    frame.classList.remove('waiting');
    sheet.urls[filter] = fill(frame, png, `${milliseconds.toFixed(0)} ms · ${size(bytes)}`);
    const name = TITLES[filter] ?? filter;
    frame.querySelector('button').onclick = () =>
      onOpen({
        title: `${sheet.title}, ${name.toLowerCase()}`,
        before: sheet.urls.original,
        after: sheet.urls[filter],
        name: filter,
      });
    announce(`${name} is ready`);
    if (--sheet.left === 0) sheet.edge.lastElementChild.textContent = 'developed';
  }

  function delivered({ job, filter, acked, expected, milliseconds }) {
    const frame = sheets.get(job)?.prints.get(filter);
    if (!frame) return;
    frame.querySelector('.acked').textContent =
      `✓ ${acked}/${expected} ${expected === 1 ? 'device' : 'devices'} · ${milliseconds.toFixed(0)} ms`;
  }

  function done({ job, milliseconds }) {
    const sheet = sheets.get(job);
    if (sheet) sheet.edge.lastElementChild.textContent = `developed in ${(milliseconds / 1000).toFixed(2)} s`;
  }

  function prune() {
    for (const [job, { film, urls }] of [...sheets].slice(0, -SHEETS_KEPT)) {
      for (const url of Object.values(urls)) URL.revokeObjectURL(url);
      film.remove();
      sheets.delete(job);
    }
  }

  return { picture, result, delivered, done };
}

function blankSheet() {
  const film = document.createElement('article');
  film.className = 'film empty';
  const frames = document.createElement('div');
  frames.className = 'frames';
  for (const [i, title] of ['Original', ...Object.values(TITLES)].entries()) {
    const frame = emptyFrame(title, frameNumber(i));
    frame.classList.add('blank');
    frames.append(frame);
  }
  film.append(filmEdge('Holdfast 480 · safety film', 'unexposed'), frames);
  return film;
}

function filmEdge(left, right) {
  const edge = document.createElement('div');
  edge.className = 'film-edge';
  for (const text of [left, right])
    edge.append(Object.assign(document.createElement('span'), { textContent: text }));
  return edge;
}

function emptyFrame(title, number) {
  const frame = document.createElement('figure');
  frame.className = 'frame';
  const button = document.createElement('button');
  button.type = 'button';
  button.disabled = true;
  button.setAttribute('aria-label', `${title}, not ready`);
  const caption = document.createElement('figcaption');
  caption.append(
    title,
    Object.assign(document.createElement('i'), { textContent: number }),
    document.createElement('small'),
    Object.assign(document.createElement('small'), { className: 'acked' }),
  );
  frame.append(button, caption);
  return frame;
}

function fill(frame, png, note) {
  const url = URL.createObjectURL(new Blob([png], { type: 'image/png' }));
  const button = frame.querySelector('button');
  const title = frame.querySelector('figcaption').firstChild.textContent;
  button.disabled = false;
  button.setAttribute('aria-label', `${title}: open large`);
  button.replaceChildren(Object.assign(new Image(), { src: url, alt: title }));
  frame.querySelector('small').textContent = note;
  return url;
}

/** Film numbers its frames 1, 1A, 2, 2A … */
function frameNumber(index) {
  return `${(index >> 1) + 1}${index % 2 ? 'A' : ''}`;
}

function size(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}
