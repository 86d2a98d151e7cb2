import { openConnection } from './connection.js';
import { contactSheets } from './contact-sheets.js';
import { latencyMeter } from './latency-meter.js';
import { lightbox } from './lightbox.js';
import { machinePanel } from './machine-panel.js';
import { fromCamera, fromFile, toPixels } from './pictures.js';
import { drawSample, SAMPLES } from './samples.js';
import { wireLog } from './wire-log.js';

const NAMES = ['otter', 'heron', 'limpet', 'urchin', 'puffin', 'dulse', 'curlew', 'seal'];
/** `push.listen` as it is unless somebody changes it. */
const PUSH_API = 'http://127.0.0.1:8081';
const $ = (id) => document.getElementById(id);

const wire = wireLog($('wire'));
const panel = machinePanel({ chart: $('chart'), list: $('transitions'), note: $('machine-note') });
const meter = latencyMeter({ drawing: $('sparkline'), figure: $('latency'), note: $('latency-note') });
const sheets = contactSheets($('sheets'), {
  onOpen: lightbox($('lightbox')),
  announce: (text) => {
    $('announcer').textContent = text;
  },
});

let user = new URLSearchParams(location.search).get('user') ?? localStorage.getItem('user') ?? newName();
let mode = 'upgrade';
/** How long the server waits for a sign of life, at most; the handshake says it. */
let patience = 0;
let connection = connect();

function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(2));
  return `${NAMES[bytes[0] % NAMES.length]}-${10 + (bytes[1] % 90)}`;
}

function connect() {
  localStorage.setItem('user', user);
  $('user').value = user;
  $('second').href = `/?user=${encodeURIComponent(user)}`;
  const push = {
    namespace: '/demo',
    to: { rooms: [`user:${user}`] },
    event: 'note',
    args: ['Hello from a terminal'],
  };
  $('curl').textContent = `curl ${PUSH_API}/holdfast.v1.PushService/Emit \\
  -H 'content-type: application/json' \\
  -d '${JSON.stringify(push)}'`;
  setStatus('trying', 'connecting', `as ${user}`);

  const opened = openConnection({ user, mode, onFrame: wire.frame, onNote: wire.note, onHandshake: learn });
  const { socket } = opened;
  socket.on('connect', () => {
    const { engine } = socket.io;
    setStatus('on', 'connected', `as ${user}`);
    $('transport').textContent = engine.transport.name;
    engine.on('upgrade', (transport) => {
      $('transport').textContent = transport.name;
    });
    panel.follow(socket.id);
  });
  socket.on('disconnect', (reason) => {
    if (connection !== opened) return;
    setStatus(socket.active ? 'trying' : 'off', socket.active ? 'reconnecting' : 'disconnected', reason);
    $('transport').textContent = '–';
    setMuted(false);
  });
  socket.on('connect_error', (error) => setStatus('trying', 'reconnecting', error.message));
  socket.on('devices', showDevices);
  socket.on('note', showNote);
  socket.on('picture', acknowledged(sheets.picture));
  socket.on('result', acknowledged(sheets.result));
  socket.on('delivered', sheets.delivered);
  socket.on('done', sheets.done);
  meter.follow(socket);
  socket.connect();
  return opened;
}

function learn({ pingInterval, pingTimeout }) {
  patience = pingInterval + pingTimeout;
  panel.learn({ pingInterval, pingTimeout });
}

/** The backend waits for the acknowledgement of each print before it sends the next. */
function acknowledged(handler) {
  return (...args) => {
    const answer = args.pop();
    handler(...args);
    answer();
  };
}

function reconnect() {
  setMuted(false);
  connection.close();
  connection = connect();
}

function setStatus(lamp, text, note) {
  $('lamp').className = `lamp ${lamp}`;
  $('status').textContent = text;
  $('status-note').textContent = note;
}

function showDevices(count) {
  $('devices').textContent = count === 1 ? '1 device' : `${count} devices`;
  $('device-dots').replaceChildren(
    ...Array.from({ length: Math.min(count, 8) }, () => document.createElement('i')),
  );
}

function showNote(text) {
  const note = Object.assign(document.createElement('p'), { textContent: String(text) });
  note.addEventListener('animationend', () => note.remove());
  $('notes').append(note);
}

function say(text, bad = false) {
  $('tray-note').textContent = text;
  $('tray-note').classList.toggle('bad', bad);
}

async function expose(picture) {
  const { title, width, height, rgb } = await picture;
  say(`Sending “${title}”, ${rgb.length.toLocaleString('en')} bytes …`);
  try {
    const answer = await connection.socket
      .timeout(15_000)
      .emitWithAck('picture', { title, width, height }, rgb);
    if (answer.error) throw new Error(answer.error);
    say(`“${title}” is in the bath. The backend answered at once; prints follow by push.`);
  } catch (error) {
    say(connection.socket.connected ? error.message : 'not connected; try again in a moment', true);
  }
}

function attempt(work) {
  work().catch((error) => say(error.message, true));
}

for (const sample of SAMPLES) {
  const button = document.createElement('button');
  button.type = 'button';
  const canvas = drawSample(sample);
  button.append(canvas, Object.assign(document.createElement('span'), { textContent: sample.title }));
  button.addEventListener('click', () => attempt(() => expose({ title: sample.title, ...toPixels(canvas) })));
  $('samples').append(button);
}
$('file').addEventListener('change', ({ target }) => {
  const [file] = target.files;
  target.value = '';
  if (file) attempt(() => expose(fromFile(file)));
});
$('camera').addEventListener('click', () =>
  attempt(async () => {
    const taken = await fromCamera($('viewfinder'));
    if (taken) await expose(taken);
  }),
);
for (const type of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle('dropping', type === 'dragover');
    const file = type === 'drop' ? event.dataTransfer.files[0] : undefined;
    if (file) attempt(() => expose(fromFile(file)));
  });
}

$('identity').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('user').value.trim();
  if (name === '' || name === user) return;
  user = name;
  $('user').blur();
  reconnect();
});
$('mode').addEventListener('change', ({ target }) => {
  mode = target.value;
  wire.note(`now ${target.parentElement.textContent.trim().toLowerCase()}`);
  reconnect();
});
$('cut').addEventListener('click', () => connection.cut());
$('mute').addEventListener('click', () => {
  const on = $('mute').getAttribute('aria-pressed') !== 'true';
  setMuted(on);
  if (on) wire.note(`playing dead: the server will notice within ${patience / 1000} s`, true);
});

function setMuted(on) {
  connection.mute(on);
  $('mute').setAttribute('aria-pressed', String(on));
  $('mute').textContent = on ? 'Playing dead …' : 'Play dead';
}

$('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText($('curl').textContent);
  $('copy').textContent = 'Copied';
  setTimeout(() => ($('copy').textContent = 'Copy'), 1500);
});

$('wire-all').addEventListener('change', ({ target }) => {
  $('wire').classList.toggle('all', target.checked);
  $('wire').scrollTop = $('wire').scrollHeight;
});

const root = document.documentElement;
const chosen = localStorage.getItem('theme');
if (chosen) root.dataset.theme = chosen;
$('theme').addEventListener('click', () => {
  const dark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  localStorage.setItem('theme', root.dataset.theme);
});
